import { Database } from '@holm/homeserver/storage/database';
import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, textsOf, type Person } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const text = (body: string) => ({ msgtype: 'm.text', body });

describe('sending', () => {
  let network: TestNetwork;
  let alice: Person;
  let count = 0;
  before(async () => {
    network = await TestNetwork.start('a.test');
    alice = await network.person('alice', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const server = () => network.server('a.test');
  const put = (who: Person, room: string, txn: string, content: object) =>
    who.ask('PUT', `${pathOf(room)}/send/m.room.message/${txn}`, content);

  /** The transactions that wrote rows since, by table: each row knows the last one that wrote it. */
  const writesSince = async (xid: number): Promise<{ table: string; xid: number }[]> => {
    const tables = await server().rows<{ name: string }>(
      sql`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()`,
    );
    const union = tables.map(({ name }) => `SELECT '${name}' AS table, xmin::text::bigint AS xid FROM "${name}"`);
    return server().rows({ text: `SELECT * FROM (${union.join(' UNION ALL ')}) w WHERE xid >= $1`, values: [xid] });
  };
  const newestXid = async (): Promise<number> => {
    const [row] = await server().rows<{ xid: number }>(sql`SELECT pg_current_xact_id()::text::bigint AS xid`);
    return row!.xid;
  };

  describe('in rooms of any size', () => {
    const MANY = 60;
    let crowd: Person[];
    before(async function () {
      this.timeout(60_000);
      crowd = [];
      while (crowd.length < MANY) {
        crowd.push(...(await Promise.all(Array.from({ length: 10 }, () => network.person('member', 'a.test')))));
      }
    });

    const roomOf = async (size: number): Promise<string> => {
      const room = await alice.createRoom();
      for (let i = 0; i < size - 1; i += 10) {
        await Promise.all(crowd.slice(i, Math.min(i + 10, size - 1)).map((person) => person.join(room)));
      }
      return room;
    };

    it('writes the same few rows, in one commit', async () => {
      const [small, large] = [await roomOf(3), await roomOf(MANY + 1)];
      await Promise.all(crowd.slice(0, 5).map((person) => person.view.sync()));
      const written = async (room: string) => {
        await put(alice, room, `w${count++}`, text('warm'));
        await network.settle();
        const before = await newestXid();
        const listening = crowd[0]!.view.sync(30_000);
        await put(alice, room, `w${count++}`, text('counted'));
        await listening;
        await network.settle();
        return writesSince(before);
      };
      const [few, many] = [await written(small), await written(large)];
      expect(few.map(({ table }) => table).sort()).to.eql(['events', 'room_heads', 'send_txns']);
      expect(many.map(({ table }) => table).sort()).to.eql(['events', 'room_heads', 'send_txns']);
      for (const rows of [few, many]) expect(new Set(rows.map(({ xid }) => xid)).size).to.equal(1);
    });
  });

  it('asks the database once', async () => {
    const room = await alice.createRoom();
    await put(alice, room, 'first', text('warm'));
    await network.settle();
    const asked: string[] = [];
    const asks = ['rows', 'run', 'transact', 'read'];
    const real: any = Object.fromEntries(asks.map((name) => [name, Reflect.get(Database.prototype, name)]));
    for (const name of asks) {
      Reflect.set(Database.prototype, name, function (this: unknown, what: any) {
        asked.push(what.name ?? what.text ?? 'a transaction');
        return real[name].call(this, what);
      });
    }
    try {
      await put(alice, room, 'second', text('counted'));
    } finally {
      Object.assign(Database.prototype, real);
    }
    expect(asked).to.eql(['rooms.write_message_txn']);
  });

  it('shares commits between rooms', async () => {
    const rooms: string[] = [];
    for (let i = 0; i < 50; i++) rooms.push(await alice.createRoom());
    await Promise.all(rooms.map((room) => put(alice, room, 'warm', text('warm'))));
    const before = await newestXid();
    await Promise.all(rooms.map((room) => put(alice, room, 'counted', text('counted'))));
    const events = (await writesSince(before)).filter(({ table }) => table === 'events');
    expect(events).to.have.length(50);
    expect(new Set(events.map(({ xid }) => xid)).size).to.be.lessThan(25);
  });

  describe('a request again', () => {
    let room: string;
    beforeEach(async () => {
      room = await alice.createRoom();
    });
    const said = async () => textsOf(await alice.history(room)).reverse();

    it('while the first is under way, or with other content, is answered as the first', async () => {
      const answers = await Promise.all(['a', 'a', 'b'].map((body) => put(alice, room, 'same', text(body))));
      answers.push(await put(alice, room, 'same', text('c')));
      expect(new Set(answers.map(({ event_id: id }) => id)).size).to.equal(1);
      expect(await said()).to.have.length(1);
    });

    it('is another one on another device, path or room', async () => {
      const other = await alice.login();
      const elsewhere = await alice.createRoom();
      const ids = [
        await put(alice, room, 'x', text('here')),
        await put(other, room, 'x', text('there')),
        await put(alice, elsewhere, 'x', text('elsewhere')),
        await alice.ask('PUT', `${pathOf(room)}/send/org.example/x`, {}),
      ].map(({ event_id: id }) => id as string);
      ids.push((await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(ids[0]!)}/x`, {})).event_id);
      expect(new Set(ids).size).to.equal(5);
    });

    it('after a restart is answered as before it, redactions too', async () => {
      const sent = await put(alice, room, 'x', text('once'));
      const redact = () => alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(sent.event_id)}/x`, {});
      const redacted = await redact();
      await network.stop('a.test');
      network.clock.advance(60_000);
      await network.start('a.test');
      expect(await put(alice, room, 'x', text('other'))).to.eql(sent);
      expect(await redact()).to.eql(redacted);
      expect((await alice.history(room)).filter(({ type }) => type === 'm.room.redaction')).to.have.length(1);
    });

    it('of one that was refused is tried again', async () => {
      const bob = await network.person('bob', 'a.test');
      const refused = await bob.request('PUT', `${pathOf(room)}/send/m.room.message/x`, text('outside'));
      expect(refused.status).to.equal(403);
      await bob.join(room);
      await put(bob, room, 'x', text('inside'));
      expect(await said()).to.eql(['inside']);
    });
  });
});
