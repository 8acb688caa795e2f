import { sql } from '@holm/homeserver/storage/sql';
import type { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { type Person, textsOf } from '../src/people.ts';

const HOUR_MS = 3_600_000;
const B = 'b.test' as ServerName;

describe('a server that was away for long', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;

  beforeEach(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  afterEach(() => network[Symbol.asyncDispose]());

  const outbox = () => network.server('a.test').running.services.rooms.outbox;
  const database = () => network.server('a.test').running.services.rooms.database;
  const count = async (table: 'outbox' | 'outbox_missed' | 'outbox_messages') =>
    (await database().rows<{ n: number }>({ text: `SELECT count(*) AS n FROM ${table}`, values: [] }))[0]!.n;

  /** Time passes in which b.test cannot be reached, and the outbox is tidied as it is every minute. */
  const passTime = async () => {
    for (let i = 0; i < 4; i++) {
      network.clock.advance(HOUR_MS / 2);
      await network.settle();
      await outbox().trim();
    }
  };

  it('is sent the newest of each room, and finds the rest', async () => {
    const rooms = [await alice.createRoom(), await alice.createRoom(), await alice.createRoom()] as const;
    for (const room of rooms) await bob.join(room, ['a.test']);
    await network.settle();
    network.cut('a.test', 'b.test');
    await alice.say(rooms[0], 'first');
    await passTime();
    for (let i = 0; i < 45; i++) await alice.say(rooms[0], `message ${i}`);
    await alice.setState(rooms[1], ['m.room.topic', ''], { topic: 'changed meanwhile' });
    await alice.kick(rooms[2], bob);
    await passTime();
    expect([await count('outbox'), await count('outbox_missed')]).to.eql([0, 3]);

    await network.stop('a.test');
    await network.start('a.test');
    await network.heal('a.test', 'b.test');
    await network.settle();
    expect(textsOf(await bob.history(rooms[0], 100))).to.eql([
      ...Array.from({ length: 45 }, (_, i) => `message ${44 - i}`),
      'first',
    ]);
    expect(await bob.stateAt(rooms[1], ['m.room.topic', ''])).to.include({ topic: 'changed meanwhile' });
    await bob.view.sync();
    expect([...bob.view.left.keys(), ...bob.view.joined.keys()]).to.have.members(rooms.slice(0, 2));
    expect(await count('outbox_missed')).to.equal(0);

    await alice.say(rooms[0], 'as ever');
    await network.settle();
    expect(textsOf(await bob.history(rooms[0], 100))[0]).to.equal('as ever');
  });

  it('tells who loads members lazily of all who came meanwhile, of whom only the state at the gap speaks', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
    const filter = encodeURIComponent(JSON.stringify({ room: { state: { lazy_load_members: true } } }));
    const { next_batch: since } = await bob.ask('GET', `/sync?filter=${filter}`);
    network.cut('a.test', 'b.test');
    await alice.say(room, 'first');
    await passTime();
    const others: Person[] = [];
    for (let n = 0; n < 25; n++) others.push(await network.person('other', 'a.test'));
    for (const other of others) await other.join(room);
    // More than a server looks for, one after the other.
    for (let n = 0; n < 200; n++) await alice.say(room, `message ${n}`);
    await passTime();
    await network.heal('a.test', 'b.test');
    await network.settle();
    const { rooms } = await bob.ask('GET', `/sync?filter=${filter}&since=${since}`);
    const { state, timeline } = rooms.join[room];
    expect(timeline.limited).to.equal(true);
    const told = state.events.map(({ state_key: key }: { state_key: string }) => key);
    expect(told).to.include.members(others.map(({ userId }) => userId));
  });

  describe('and messages that must not be lost', () => {
    let received: JsonObject[];
    const keep = (n: number, key?: string) =>
      database().transact((tx) => outbox().keepEdu(tx, [B], { edu_type: 'test.kept', content: { n } }, key));

    beforeEach(() => {
      received = [];
      network.server('b.test').running.services.rooms.eduListeners.push({
        eduType: 'test.kept',
        receive: (_, content) => Promise.resolve(void received.push(content)),
      });
    });

    it('gets all of them, in order, through restarts', async () => {
      await keep(0);
      await network.settle();
      network.cut('a.test', 'b.test');
      for (let n = 1; n < 130; n++) await keep(n);
      await passTime();
      await network.stop('a.test');
      await network.start('a.test');
      await keep(130);
      await network.heal('a.test', 'b.test');
      await network.settle();
      expect(received.map(({ n }) => n)).to.eql(Array.from({ length: 131 }, (_, n) => n));
      await outbox().trim();
      expect(await count('outbox_messages')).to.equal(0);
    });

    it('gets only the newest of those that replace each other', async () => {
      network.cut('a.test', 'b.test');
      await keep(0, 'same');
      await network.settle();
      for (let n = 1; n < 5; n++) await keep(n, 'same');
      await keep(5, 'other');
      await network.settle();
      await outbox().trim();
      await network.heal('a.test', 'b.test');
      await network.settle();
      // The first was on its way when it became obsolete.
      expect(received.map(({ n }) => n)).to.eql([0, 4, 5]);
    });

    it('gets none of a transaction that failed', async () => {
      const failed = database().transact(async (tx) => {
        await outbox().keepEdu(tx, [B], { edu_type: 'test.kept', content: {} });
        await tx.run(sql`SELECT 1 / 0`);
      });
      expect(await failed.catch(() => 'failed')).to.equal('failed');
      await keep(1);
      await network.settle();
      expect(received).to.eql([{ n: 1 }]);
    });
  });
});
