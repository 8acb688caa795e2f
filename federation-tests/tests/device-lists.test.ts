import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { CrossSigner, CryptoDevice, signedBy } from '../src/crypto-device.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** Whose keys a person's next sync says to ask for anew, and of whom there is no more to hear. */
const told = async (person: Person): Promise<{ changed: string[]; left: string[] }> => {
  const { device_lists: lists = { changed: [], left: [] } } = await person.view.sync();
  return { changed: lists.changed.toSorted(), left: lists.left.toSorted() };
};

const ids = (...people: readonly Person[]) => people.map(({ userId }) => userId).toSorted();
const nothing = { changed: [], left: [] };

const devicesOf = async (reader: Person, user: Person): Promise<any> => {
  const answer = await reader.ask('POST', '/keys/query', { device_keys: { [user.userId]: [] } });
  expect(answer.failures).to.eql({});
  return answer.device_keys[user.userId] ?? {};
};

describe('device lists', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let dave: Person;
  let room: string;

  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const settled = async () => {
    await network.settle();
    for (const person of [alice, bob, carol, dave]) await person.view.sync();
  };

  beforeEach(async () => {
    [alice, bob, carol, dave] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('bob', 'a.test'),
      network.person('carol', 'b.test'),
      network.person('dave', 'a.test'),
    ]);
    room = await alice.createRoom();
    await bob.join(room);
    await carol.join(room, ['a.test']);
    await settled();
  });

  /** Puts an end to what a person keeps at hand, for requests whose answers must come from the list that is kept. */
  const isKept = async (server: string, user: Person): Promise<boolean> => {
    const rows = await network
      .server(server)
      .rows(sql`SELECT FROM remote_device_lists WHERE user_id = ${user.userId} AND NOT stale`);
    return rows.length === 1;
  };

  describe('in a sync', () => {
    it('name those who share a room and whose keys changed, oneself among them', async () => {
      await new CryptoDevice(bob).upload();
      await network.settle();
      for (const person of [alice, bob, carol]) expect(await told(person)).to.eql({ changed: ids(bob), left: [] });
      expect(await told(dave)).to.eql(nothing);
      expect(await told(alice)).to.eql(nothing);
      const phone = await bob.login();
      expect(await told(alice)).to.eql(nothing); // it has no keys yet
      await new CryptoDevice(phone).upload();
      expect(await told(alice)).to.eql({ changed: ids(bob), left: [] });
      await phone.ask('POST', '/logout', {});
      await network.settle();
      for (const person of [alice, carol]) expect(await told(person)).to.eql({ changed: ids(bob), left: [] });
    });

    it('wake a long poll, here and on the other server', async () => {
      const polls = [alice.view.sync(30_000), carol.view.sync(30_000)];
      await new CryptoDevice(bob).upload();
      for (const answer of await Promise.all(polls)) expect(answer.device_lists.changed).to.eql([bob.userId]);
    });

    it('name those who come to share a room, from both sides', async () => {
      await dave.join(room);
      await network.settle();
      expect(await told(dave)).to.eql({ changed: ids(alice, bob, carol), left: [] });
      for (const person of [alice, bob, carol]) expect(await told(person)).to.eql({ changed: ids(dave), left: [] });
    });

    it('name those with whom no room is shared any more, from both sides', async () => {
      const other = await alice.createRoom();
      await bob.join(other);
      await settled();
      await bob.leave(room);
      await network.settle();
      expect(await told(alice)).to.eql(nothing); // there is the other room
      expect(await told(bob)).to.eql({ changed: [], left: ids(carol) });
      expect(await told(carol)).to.eql({ changed: [], left: ids(bob) });
      await alice.kick(other, bob);
      expect(await told(alice)).to.eql({ changed: [], left: ids(bob) });
      expect(await told(bob)).to.eql({ changed: [], left: ids(alice) });
    });

    it('do not name anybody for a message or a changed name', async () => {
      await alice.say(room, 'hello');
      await bob.ask('PUT', `/profile/${bob.userId}/displayname`, { displayname: 'Robert' });
      await network.settle();
      expect(await told(alice)).to.eql(nothing);
      expect(await told(carol)).to.eql(nothing);
    });

    it('lose nothing over a restart', async () => {
      await new CryptoDevice(bob).upload();
      await dave.join(room);
      await network.settle();
      await network.stop('a.test');
      await network.start('a.test');
      const { changed } = await told(alice);
      expect(changed).to.include.members(ids(bob, dave));
      expect(await told(alice)).to.eql(nothing);
    });

    it('are told again when an answer gets lost, and are asked for between two tokens', async () => {
      const from = alice.view.since!;
      await new CryptoDevice(bob).upload();
      expect(await told(alice)).to.eql({ changed: ids(bob), left: [] });
      const to = alice.view.since!;
      await dave.join(room);
      await told(alice);
      const changes = (one: string, other: string) => alice.ask('GET', `/keys/changes?from=${one}&to=${other}`);
      expect(await changes(from, to)).to.eql({ changed: ids(bob), left: [] });
      expect(await changes(to, alice.view.since!)).to.eql({ changed: ids(dave), left: [] });
      expect((await alice.request('GET', `/keys/changes?from=nonsense&to=${to}`)).status).to.equal(400);
      alice.view.since = from;
      expect((await told(alice)).changed).to.include(bob.userId);
    });

    it('tell those who share a room of new keys for cross-signing, and oneself of whom one has verified', async () => {
      const signer = new CrossSigner(bob.userId);
      await bob.ask('POST', '/keys/device_signing/upload', signer.upload);
      await network.settle();
      for (const person of [alice, bob, carol]) expect(await told(person)).to.eql({ changed: ids(bob), left: [] });
      const hers = new CrossSigner(alice.userId);
      await alice.ask('POST', '/keys/device_signing/upload', hers.upload);
      await settled();
      const verified = signedBy(hers.masterKey, bob.userId, [signer.userSigning.publicKey, signer.userSigning]);
      const body = { [alice.userId]: { [hers.master.publicKey]: verified } };
      expect(await bob.ask('POST', '/keys/signatures/upload', body)).to.eql({ failures: {} });
      expect(await told(bob)).to.eql({ changed: ids(alice), left: [] });
      expect(await told(alice)).to.eql(nothing);
      await settled();
    });
  });

  describe('between servers', () => {
    let bobs: CryptoDevice;

    beforeEach(async () => {
      bobs = new CryptoDevice(bob);
      await bobs.upload();
      await network.settle();
      expect(Object.keys(await devicesOf(carol, bob))).to.eql([bob.deviceId]);
      await settled();
      expect(await isKept('b.test', bob)).to.equal(true);
    });

    it('are kept, and follow what changes without being asked for', async () => {
      const phone = await bob.login();
      await new CryptoDevice(phone).upload();
      await network.settle();
      network.cut('a.test', 'b.test');
      expect(Object.keys(await devicesOf(carol, bob)).toSorted()).to.eql([bob.deviceId, phone.deviceId].toSorted());
      await network.heal('a.test', 'b.test');
      await phone.ask('POST', '/logout', {});
      const signer = new CrossSigner(bob.userId);
      await bob.ask('POST', '/keys/device_signing/upload', signer.upload);
      await network.settle();
      expect(await isKept('b.test', bob)).to.equal(true);
      network.cut('a.test', 'b.test');
      expect(Object.keys(await devicesOf(carol, bob))).to.eql([bob.deviceId]);
      const answer = await carol.ask('POST', '/keys/query', { device_keys: { [bob.userId]: [] } });
      expect(answer.master_keys[bob.userId].keys).to.eql(signer.masterKey.keys);
      expect(answer.self_signing_keys[bob.userId]).to.eql(signer.selfSigningKey);
      await network.heal('a.test', 'b.test');
    });

    it('are right again after the two could not reach each other and both were restarted', async () => {
      network.cut('a.test', 'b.test');
      const phone = await bob.login();
      const phones = new CryptoDevice(phone);
      await phones.upload();
      const tablet = await bob.login();
      await new CryptoDevice(tablet).upload();
      await phone.ask('POST', '/logout', {});
      await network.settle();
      for (const name of ['a.test', 'b.test']) {
        await network.stop(name);
        await network.start(name);
      }
      expect(Object.keys(await devicesOf(carol, bob))).to.eql([bob.deviceId]); // as far as b.test can know
      await network.heal('a.test', 'b.test');
      expect((await told(carol)).changed).to.include(bob.userId);
      expect(Object.keys(await devicesOf(carol, bob)).toSorted()).to.eql([bob.deviceId, tablet.deviceId].toSorted());
      await network.settle();
      expect(await isKept('b.test', bob)).to.equal(true);
    });

    it('are given up with the last room that is shared, and asked for anew after that', async () => {
      await bob.leave(room);
      await network.settle();
      expect(await isKept('b.test', bob)).to.equal(false);
      const phone = await bob.login();
      await new CryptoDevice(phone).upload();
      await network.settle();
      await bob.join(room);
      await network.settle();
      expect((await told(carol)).changed).to.include(bob.userId);
      expect(Object.keys(await devicesOf(carol, bob)).toSorted()).to.eql([bob.deviceId, phone.deviceId].toSorted());
    });
  });
});
