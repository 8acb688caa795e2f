import { expect } from 'chai';
import { ClientEvent, type MatrixClient, Preset } from 'matrix-js-sdk';
import { hears, JsSdk, passwordProof, type SdkOptions } from '../src/js-sdk.ts';
import { TestNetwork } from '../src/network.ts';

const encrypting: SdkOptions = { prepare: (client) => client.initRustCrypto({ useIndexedDB: false }) };

/** Real encryption by matrix-rust-sdk's library, which most clients use: a server that lies to it is found out. */
describe('two users of matrix-js-sdk who encrypt', () => {
  let sdk: JsSdk;
  let network: TestNetwork;
  before(async () => {
    sdk = new JsSdk();
    network = await TestNetwork.start('a.test', 'b.test');
  });
  after(async () => {
    sdk[Symbol.dispose]();
    await network[Symbol.asyncDispose]();
  });

  /** Resolves once a client has heard that there is another device, with its keys. */
  const knows = async (client: MatrixClient, other: MatrixClient): Promise<void> => {
    const [user, device] = [other.getSafeUserId(), other.getDeviceId()!];
    const isKnown = async () => (await client.getCrypto()!.getUserDeviceInfo([user])).get(user)?.has(device) === true;
    while (!(await isKnown())) {
      const synced = new Promise((resolve) => client.once(ClientEvent.Sync, resolve));
      await Promise.race([synced, new Promise((resolve) => setImmediate(resolve))]);
    }
  };

  it('read each other from two servers, on devices that come later, too, and what is sent is not to be read', async () => {
    const [alice, bob] = await Promise.all([
      sdk.signUp(network.server('a.test'), 'alice', encrypting),
      sdk.signUp(network.server('b.test'), 'bob', encrypting),
    ]);
    const { room_id: room } = await alice.createRoom({
      preset: Preset.PublicChat,
      room_alias_name: 'vault',
      initial_state: [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
    });
    await bob.joinRoom('#vault:a.test');
    await network.settle();

    const heard = hears(bob, room, 'Hello Bob');
    const { event_id: eventId } = await alice.sendTextMessage(room, 'Hello Bob');
    expect((await heard).isEncrypted()).to.equal(true);
    const answered = hears(alice, room, 'Hello Alice');
    await bob.sendTextMessage(room, 'Hello Alice');
    expect((await answered).getSender()).to.equal('@bob:b.test');

    const phone = await sdk.logIn(network.server('b.test'), 'bob', encrypting);
    await knows(alice, phone);
    const [onPhone, onDesk] = [hears(phone, room, 'Both of you'), hears(bob, room, 'Both of you')];
    await alice.sendTextMessage(room, 'Both of you');
    await Promise.all([onPhone, onDesk]);

    const stored = await alice.fetchRoomEvent(room, eventId);
    expect(stored.type).to.equal('m.room.encrypted');
    expect(JSON.stringify(stored)).to.not.include('Hello');
  });

  it('set up cross-signing and a backup, which a new device of theirs finds', async () => {
    const carol = await sdk.signUp(network.server('a.test'), 'carol', encrypting);
    const crypto = carol.getCrypto()!;
    await crypto.bootstrapCrossSigning({
      authUploadDeviceSigningKeys: async (request) => {
        await request(passwordProof('carol'));
      },
    });
    await crypto.resetKeyBackup();
    expect(await crypto.isCrossSigningReady()).to.equal(true);
    const phone = await sdk.logIn(network.server('a.test'), 'carol', encrypting);
    const seen = await phone.getCrypto()!.getUserVerificationStatus(carol.getSafeUserId());
    expect(seen.known).to.equal(true);
    const status = await phone.getCrypto()!.getDeviceVerificationStatus(carol.getSafeUserId(), carol.getDeviceId()!);
    expect(status?.signedByOwner).to.equal(true);
    const backup = await phone.getCrypto()!.getKeyBackupInfo();
    expect(backup?.algorithm).to.equal('m.megolm_backup.v1.curve25519-aes-sha2');
  });
});
