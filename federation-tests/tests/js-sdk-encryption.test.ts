import { expect } from 'chai';
import {
  ClientEvent,
  createClient,
  type MatrixClient,
  type MatrixEvent,
  MatrixEventEvent,
  Preset,
  RoomEvent,
  SyncState,
} from 'matrix-js-sdk';
import { type Logger, logger as sdkLogger } from 'matrix-js-sdk/lib/logger.js';
import { TestNetwork } from '../src/network.ts';

// eslint-disable-next-line @typescript-eslint/no-deprecated -- parts of the SDK use it, whatever a client is given
const logger = sdkLogger as unknown as Logger & { methodFactory: () => () => void; rebuild: () => void };

const PASSWORD = 'correct horse battery';

/** Real encryption by matrix-rust-sdk's library, which most clients use: a server that lies to it is found out. */
describe('two users of matrix-js-sdk who encrypt', () => {
  let network: TestNetwork;
  const clients: MatrixClient[] = [];
  const { setTimeout } = globalThis;

  before(async () => {
    // A client that is stopped leaves time-outs of up to two minutes behind, which must not keep the tests from ending.
    const unheld = (...call: Parameters<typeof setTimeout>) => setTimeout(...call).unref();
    globalThis.setTimeout = Object.assign(unheld, { __promisify__: setTimeout.__promisify__ });
    logger.methodFactory = () => () => undefined;
    logger.rebuild();
    network = await TestNetwork.start('a.test', 'b.test');
  });
  after(async () => {
    for (const client of clients) client.stopClient();
    globalThis.setTimeout = setTimeout;
    await network[Symbol.asyncDispose]();
  });

  const logIn = async (server: string, user: string): Promise<MatrixClient> => {
    const baseUrl = network.server(server).url;
    const identifier = { type: 'm.id.user', user };
    const session = await createClient({ baseUrl, logger }).loginRequest({
      type: 'm.login.password',
      identifier,
      password: PASSWORD,
    });
    const client = createClient({
      baseUrl,
      logger,
      userId: session.user_id,
      accessToken: session.access_token,
      deviceId: session.device_id,
    });
    await client.initRustCrypto({ useIndexedDB: false });
    clients.push(client);
    const ready = new Promise<void>((resolve) => {
      client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
    });
    await client.startClient({ initialSyncLimit: 20 });
    await ready;
    return client;
  };

  const signUp = async (server: string, username: string): Promise<MatrixClient> => {
    const baseUrl = network.server(server).url;
    const auth = { type: 'm.login.dummy' };
    await createClient({ baseUrl, logger }).registerRequest({ username, password: PASSWORD, auth });
    return logIn(server, username);
  };

  /** Resolves once a message has been decrypted. */
  const reads = (client: MatrixClient, room: string, text: string): Promise<MatrixEvent> =>
    new Promise((resolve) => {
      const isIt = (event: MatrixEvent) => event.getRoomId() === room && event.getContent()['body'] === text;
      const known = client.getRoom(room)?.getLiveTimeline().getEvents().find(isIt);
      if (known) resolve(known);
      client.on(MatrixEventEvent.Decrypted, (event) => isIt(event) && resolve(event));
      client.on(RoomEvent.Timeline, (event) => isIt(event) && resolve(event));
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
    const [alice, bob] = await Promise.all([signUp('a.test', 'alice'), signUp('b.test', 'bob')]);
    const { room_id: room } = await alice.createRoom({
      preset: Preset.PublicChat,
      room_alias_name: 'vault',
      initial_state: [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
    });
    await bob.joinRoom('#vault:a.test');
    await network.settle();

    const heard = reads(bob, room, 'Hello Bob');
    const { event_id: eventId } = await alice.sendTextMessage(room, 'Hello Bob');
    expect((await heard).isEncrypted()).to.equal(true);
    const answered = reads(alice, room, 'Hello Alice');
    await bob.sendTextMessage(room, 'Hello Alice');
    expect((await answered).getSender()).to.equal('@bob:b.test');

    const phone = await logIn('b.test', 'bob');
    await knows(alice, phone);
    const [onPhone, onDesk] = [reads(phone, room, 'Both of you'), reads(bob, room, 'Both of you')];
    await alice.sendTextMessage(room, 'Both of you');
    await Promise.all([onPhone, onDesk]);

    const stored = await alice.fetchRoomEvent(room, eventId);
    expect(stored.type).to.equal('m.room.encrypted');
    expect(JSON.stringify(stored)).to.not.include('Hello');
  });

  it('set up cross-signing and a backup, which a new device of theirs finds', async () => {
    const carol = await signUp('a.test', 'carol');
    const identifier = { type: 'm.id.user', user: 'carol' };
    const crypto = carol.getCrypto()!;
    await crypto.bootstrapCrossSigning({
      authUploadDeviceSigningKeys: async (request) => {
        await request({ type: 'm.login.password', identifier, password: PASSWORD });
      },
    });
    await crypto.resetKeyBackup();
    expect(await crypto.isCrossSigningReady()).to.equal(true);
    const phone = await logIn('a.test', 'carol');
    const seen = await phone.getCrypto()!.getUserVerificationStatus(carol.getSafeUserId());
    expect(seen.known).to.equal(true);
    const status = await phone.getCrypto()!.getDeviceVerificationStatus(carol.getSafeUserId(), carol.getDeviceId()!);
    expect(status?.signedByOwner).to.equal(true);
    const backup = await phone.getCrypto()!.getKeyBackupInfo();
    expect(backup?.algorithm).to.equal('m.megolm_backup.v1.curve25519-aes-sha2');
  });
});
