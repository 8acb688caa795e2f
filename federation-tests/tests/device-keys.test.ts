import { expect } from 'chai';
import { CrossSigner, CryptoDevice, keyOf, signedBy } from '../src/crypto-device.ts';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { Slider } from '../src/sliding.ts';

const PASSWORD = 'correct horse battery staple';

const query = (person: Person, ...users: readonly Person[]) =>
  person.ask('POST', '/keys/query', { device_keys: Object.fromEntries(users.map(({ userId }) => [userId, []])) });

const claim = async (person: Person, device: Person): Promise<string | undefined> => {
  const answer = await person.ask('POST', '/keys/claim', {
    one_time_keys: { [device.userId]: { [device.deviceId]: 'signed_curve25519' } },
  });
  return Object.keys(answer.one_time_keys[device.userId]?.[device.deviceId] ?? {})[0]?.split(':')[1];
};

describe('keys of devices', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let bobs: CryptoDevice;

  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  beforeEach(async () => {
    [alice, bob, carol] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('bob', 'a.test'),
      network.person('carol', 'b.test'),
    ]);
    bobs = new CryptoDevice(bob);
  });

  const refused = async (person: Person, path: string, body: unknown): Promise<unknown> => {
    const { status, body: answer } = await person.request('POST', path, body);
    return [status, answer.errcode];
  };

  it('are neither published nor asked for with half a character, which other servers could not read', async () => {
    await carol.join(await bob.createRoom(), ['a.test']);
    const half = 'x\ud800';
    const keys = bobs.deviceKeys;
    const asked: readonly [string, object][] = [
      ['query', { device_keys: { [carol.userId]: [half] } }],
      ['claim', { one_time_keys: { [carol.userId]: { [half]: 'signed_curve25519' } } }],
      ['claim', { one_time_keys: { [carol.userId]: { A: half } } }],
      ['upload', { one_time_keys: { 'curve25519:A': half } }],
      ['upload', { one_time_keys: { [`curve25519:${half}`]: 'A' } }],
      ['upload', { device_keys: { ...keys, signatures: { [bob.userId]: { ...keys.signatures[bob.userId], half } } } }],
      ['device_signing/upload', { master_key: { ...new CrossSigner(bob.userId).masterKey, half } }],
    ];
    for (const [path, body] of asked) {
      expect(await refused(bob, `/keys/${path}`, body), JSON.stringify(body)).to.eql([400, 'M_BAD_JSON']);
    }
  });

  describe('that are uploaded', () => {
    it('are seen here with the name of the device, and elsewhere without', async () => {
      await bobs.upload();
      await bob.ask('PUT', `/devices/${bob.deviceId}`, { display_name: 'phone' });
      const here = (await query(alice, bob)).device_keys[bob.userId][bob.deviceId];
      expect(here).to.eql({ ...bobs.deviceKeys, unsigned: { device_display_name: 'phone' } });
      const there = (await query(carol, bob)).device_keys[bob.userId][bob.deviceId];
      expect(there).to.eql({ ...bobs.deviceKeys, unsigned: {} });
    });

    it('may be uploaded again, and never become others', async () => {
      await bobs.upload();
      await bobs.upload();
      const other = signedBy(
        { ...bobs.deviceKeys, keys: { [`ed25519:${bob.deviceId}`]: keyOf('x').publicKey } },
        bob.userId,
        [bob.deviceId, keyOf('x')],
      );
      expect(await refused(bob, '/keys/upload', { device_keys: other })).to.eql([400, 'M_INVALID_PARAM']);
      expect((await query(alice, bob)).device_keys[bob.userId][bob.deviceId].keys).to.eql(bobs.deviceKeys.keys);
    });

    it('are refused when they are of another device or no keys, with all that comes with them', async () => {
      const { deviceKeys } = bobs;
      const bad = (change: object) => refused(bob, '/keys/upload', { device_keys: { ...deviceKeys, ...change } });
      expect(await bad({ device_id: 'OTHER' })).to.eql([400, 'M_INVALID_PARAM']);
      expect(await bad({ user_id: alice.userId })).to.eql([400, 'M_INVALID_PARAM']);
      expect(await bad({ keys: { [`ed25519:${bob.deviceId}`]: 1 } })).to.eql([400, 'M_INVALID_PARAM']);
      expect(
        await refused(bob, '/keys/upload', {
          device_keys: deviceKeys,
          one_time_keys: { 'signed_curve25519:A': 1 },
        }),
      ).to.eql([400, 'M_INVALID_PARAM']);
      expect((await query(alice, bob)).device_keys).to.eql({ [bob.userId]: {} });
    });

    it('are passed on as they are, whoever has signed them: their readers judge', async () => {
      const unsigned = { ...bobs.deviceKeys, signatures: {} };
      const key = { key: 'AAAA', signatures: {} };
      await bob.ask('POST', '/keys/upload', { one_time_keys: { 'signed_curve25519:A': key } });
      await bob.ask('POST', '/keys/upload', { device_keys: unsigned });
      expect((await query(alice, bob)).device_keys[bob.userId][bob.deviceId]).to.deep.include(unsigned);
      const wanted = { [bob.userId]: { [bob.deviceId]: 'signed_curve25519' } };
      const claimed = await carol.ask('POST', '/keys/claim', { one_time_keys: wanted });
      expect(claimed.one_time_keys).to.eql({ [bob.userId]: { [bob.deviceId]: { 'signed_curve25519:A': key } } });
    });

    it('are said to be none of whoever has none, here and elsewhere: clients ask on until they hear of each', async () => {
      const none = { [alice.userId]: {}, [carol.userId]: {} };
      expect((await query(bob, alice, carol)).device_keys, 'of whom nothing is kept').to.eql(none);
      await carol.join(await bob.createRoom(), ['a.test']);
      await network.settle();
      expect((await query(bob, alice, carol)).device_keys, 'whose list is kept').to.eql(none);
    });

    it('of somebody on a server that is away are reported as failures, and not as none', async () => {
      network.cut('a.test', 'b.test');
      const answer = await query(alice, carol, alice);
      expect(Object.keys(answer.failures)).to.eql(['b.test']);
      expect(answer.device_keys).to.eql({ [alice.userId]: {} });
      await network.heal('a.test', 'b.test');
    });
  });

  describe('for one use', () => {
    const counts = async (person: Person): Promise<unknown> => {
      const answer = await person.view.sync();
      return [answer.device_one_time_keys_count.signed_curve25519, answer.device_unused_fallback_key_types];
    };

    it('are given away once each, in the order of their uploads, then the fallback key', async () => {
      expect(await counts(bob)).to.eql([0, []]);
      await bobs.upload();
      await bobs.upload({ one_time_keys: bobs.oneTimeKeys('Z1') });
      await bobs.upload({ one_time_keys: bobs.oneTimeKeys('A2') });
      const answer = await bobs.upload({ fallback_keys: bobs.fallbackKey('F') });
      expect(answer).to.eql({ one_time_key_counts: { signed_curve25519: 2 } });
      expect(await counts(bob)).to.eql([2, ['signed_curve25519']]);
      expect(await claim(alice, bob)).to.equal('Z1');
      expect(await counts(bob)).to.eql([1, ['signed_curve25519']]);
      expect(await claim(carol, bob)).to.equal('A2');
      expect(await counts(bob)).to.eql([0, ['signed_curve25519']]);
      expect(await claim(alice, bob)).to.equal('F');
      expect(await counts(bob)).to.eql([0, []]);
      expect(await claim(carol, bob)).to.equal('F');
      await bobs.upload({ fallback_keys: bobs.fallbackKey('F') });
      expect(await counts(bob)).to.eql([0, []]);
      await bobs.upload({ fallback_keys: bobs.fallbackKey('G') });
      expect(await counts(bob)).to.eql([0, ['signed_curve25519']]);
    });

    it('wake who waits when one of theirs is taken, by whichever door', async () => {
      await bobs.upload();
      await bobs.upload({ one_time_keys: bobs.oneTimeKeys('K1', 'K2', 'K3') });
      await bob.view.sync();
      const poll = bob.view.sync(30_000);
      expect(await claim(alice, bob)).to.equal('K1');
      expect((await poll).device_one_time_keys_count).to.eql({ signed_curve25519: 2 });
      const slider = new Slider(bob);
      const body = { extensions: { e2ee: { enabled: true } } };
      await slider.sync(body);
      const sliding = slider.sync(body, 30_000);
      expect(await claim(carol, bob)).to.equal('K2');
      expect((await sliding).extensions.e2ee.device_one_time_keys_count).to.eql({ signed_curve25519: 1 });
      await network.stop('a.test');
      await network.start('a.test');
      expect((await bob.view.sync()).device_one_time_keys_count).to.eql({ signed_curve25519: 1 });
    });

    it('are never given to two who ask at the same time', async () => {
      const ids = Array.from({ length: 20 }, (_, i) => `K${i}`);
      await bobs.upload();
      await bobs.upload({ one_time_keys: bobs.oneTimeKeys(...ids) });
      const given = await Promise.all(ids.map((_, i) => claim(i % 2 === 0 ? alice : carol, bob)));
      expect(new Set(given)).to.eql(new Set(ids));
    });

    it('do not come back when an upload is repeated whose answer got lost', async () => {
      await bobs.upload();
      await bobs.upload({ one_time_keys: bobs.oneTimeKeys('A') });
      expect(await claim(alice, bob)).to.equal('A');
      expect(await bobs.upload({ one_time_keys: bobs.oneTimeKeys('A') })).to.eql({
        one_time_key_counts: { signed_curve25519: 0 },
      });
      expect(await claim(alice, bob)).to.equal(undefined);
    });

    it('are not replaced by others of the same name', async () => {
      await bobs.upload();
      await bobs.upload({ one_time_keys: bobs.oneTimeKeys('A') });
      const other = { 'signed_curve25519:A': bobs.oneTimeKeys('B')['signed_curve25519:B'] };
      expect(await refused(bob, '/keys/upload', { one_time_keys: other })).to.eql([400, 'M_INVALID_PARAM']);
    });

    it('go with their device', async () => {
      const phone = await bob.login();
      const phones = new CryptoDevice(phone);
      await phones.upload();
      await phones.upload({ one_time_keys: phones.oneTimeKeys('A') });
      await phone.ask('POST', '/logout', {});
      expect(await claim(alice, phone)).to.equal(undefined);
      expect((await query(alice, bob)).device_keys).to.eql({ [bob.userId]: {} });
    });
  });

  describe('for cross-signing', () => {
    let signer: CrossSigner;
    const upload = (person: Person, body: object) => person.request('POST', '/keys/device_signing/upload', body);

    beforeEach(async () => {
      signer = new CrossSigner(bob.userId);
      await bobs.upload();
      expect((await upload(bob, signer.upload)).status).to.equal(200);
    });

    it('are seen by others, but for the one that signs others', async () => {
      for (const reader of [alice, carol]) {
        const answer = await query(reader, bob);
        expect(answer.master_keys[bob.userId].keys).to.eql(signer.masterKey.keys);
        expect(answer.self_signing_keys[bob.userId]).to.eql(signer.selfSigningKey);
        expect(answer.user_signing_keys).to.eql({});
      }
      expect((await query(bob, bob)).user_signing_keys[bob.userId]).to.eql(signer.userSigningKey);
    });

    it('may be uploaded again; others take a password', async () => {
      expect((await upload(bob, signer.upload)).status).to.equal(200);
      const other = new CrossSigner(bob.userId, 2);
      const first = await upload(bob, other.upload);
      expect(first.status).to.equal(401);
      expect((await query(alice, bob)).master_keys[bob.userId].keys).to.eql(signer.masterKey.keys);
      const identifier = { type: 'm.id.user', user: bob.name };
      const auth = { type: 'm.login.password', identifier, password: PASSWORD, session: first.body.session };
      expect((await upload(bob, { ...other.upload, auth })).status).to.equal(200);
      expect((await query(alice, bob)).master_keys[bob.userId].keys).to.eql(other.masterKey.keys);
    });

    it('are replaced at once with a password that comes without a session, be it named as null', async () => {
      for (const [number, session] of [{}, { session: null }].entries()) {
        const other = new CrossSigner(bob.userId, number + 2);
        const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: bob.name }, ...session };
        expect((await upload(bob, { ...other.upload, auth: { ...auth, password: 'wrong' } })).status).to.equal(401);
        expect((await upload(bob, { ...other.upload, auth: { ...auth, password: PASSWORD } })).status).to.equal(200);
        expect((await query(alice, bob)).master_keys[bob.userId].keys).to.eql(other.masterKey.keys);
      }
    });

    it('are refused when they are not what they should be', async () => {
      const answer = async (person: Person, body: object) => {
        const { status, body: said } = await upload(person, body);
        return [status, said.errcode];
      };
      const hers = new CrossSigner(alice.userId);
      expect(await answer(alice, { self_signing_key: hers.selfSigningKey })).to.eql([400, 'M_MISSING_PARAM']);
      expect(await answer(alice, signer.upload)).to.eql([400, 'M_INVALID_PARAM']);
      const unsigned = { ...hers.selfSigningKey, signatures: {} };
      expect(await answer(alice, { ...hers.upload, self_signing_key: unsigned })).to.eql([400, 'M_INVALID_SIGNATURE']);
      expect((await query(bob, alice)).master_keys).to.eql({});
    });

    const sign = (person: Person, body: object) => person.ask('POST', '/keys/signatures/upload', body);

    it('sign devices for everybody, and others for oneself only', async () => {
      const signed = signedBy(bobs.deviceKeys, bob.userId, [signer.selfSigning.publicKey, signer.selfSigning]);
      expect(await sign(bob, { [bob.userId]: { [bob.deviceId]: signed } })).to.eql({ failures: {} });
      for (const reader of [alice, carol]) {
        const { signatures } = (await query(reader, bob)).device_keys[bob.userId][bob.deviceId];
        expect(signatures).to.eql(signed.signatures);
      }
      const hers = new CrossSigner(carol.userId);
      expect((await upload(carol, hers.upload)).status).to.equal(200);
      const verified = signedBy(hers.masterKey, bob.userId, [signer.userSigning.publicKey, signer.userSigning]);
      const byMaster = { [carol.userId]: { [hers.master.publicKey]: verified } };
      expect(await sign(bob, byMaster)).to.eql({ failures: {} });
      expect((await query(bob, carol)).master_keys[carol.userId].signatures).to.eql(verified.signatures);
      for (const reader of [alice, carol]) {
        expect((await query(reader, carol)).master_keys[carol.userId].signatures).to.eql({});
      }
    });

    it('sign nothing that is not so', async () => {
      const forged = signedBy(bobs.deviceKeys, bob.userId, [signer.selfSigning.publicKey, keyOf('another')]);
      const changed = { ...bobs.deviceKeys, algorithms: [] };
      const other = signedBy(changed, bob.userId, [signer.selfSigning.publicKey, signer.selfSigning]);
      const { failures } = await sign(bob, { [bob.userId]: { [bob.deviceId]: forged, NOWHERE: other } });
      expect(failures[bob.userId][bob.deviceId].errcode).to.equal('M_INVALID_SIGNATURE');
      expect(failures[bob.userId]['NOWHERE'].errcode).to.equal('M_NOT_FOUND');
      const second = await sign(bob, { [bob.userId]: { [bob.deviceId]: other } });
      expect(second.failures[bob.userId][bob.deviceId].errcode).to.equal('M_INVALID_PARAM');
      const answer = await query(alice, bob);
      expect(answer.device_keys[bob.userId][bob.deviceId].signatures).to.eql(bobs.deviceKeys.signatures);
    });

    it('lend no device their names, which would be mistaken for them in signatures', async () => {
      const identifier = { type: 'm.id.user', user: bob.name };
      const login = (deviceId: string) =>
        call('POST', `${bob.home.url}/_matrix/client/v3/login`, {
          body: { type: 'm.login.password', identifier, password: PASSWORD, device_id: deviceId },
        });
      for (const { publicKey } of [signer.master, signer.selfSigning, signer.userSigning]) {
        const { status, body } = await login(publicKey);
        expect([status, body.errcode]).to.eql([403, 'M_FORBIDDEN']);
      }
      expect((await bob.ask('GET', '/devices')).devices).to.have.lengthOf(1);
      // Of somebody else, it is a name like any other.
      expect((await login(new CrossSigner(alice.userId).master.publicKey)).status).to.equal(200);
    });

    it('go with the account', async () => {
      await bob.deactivate();
      await network.settle();
      const answer = await query(alice, bob);
      expect([answer.master_keys, answer.device_keys]).to.eql([{}, { [bob.userId]: {} }]);
    });
  });
});
