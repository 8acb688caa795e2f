import { MatrixError } from '@holm/spec/errors';
import { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { Notifier } from '../../streams/notifier.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { Sql } from '../../storage/sql.ts';
import type { Position } from '../../streams/stream.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { AccountData, IgnoredUsers, openAccountDataStream, Tags } from './index.ts';

const alice = UserId.parse('@alice:a.test');
const bob = UserId.parse('@bob:a.test');
const room = RoomId.parse('!room:a.test');
const START = 0 as Position;
const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('account data on a database', () => {
  let database: TestDatabase;
  let accountData: AccountData;
  let notifier: Notifier;

  before(async () => (database = await createTestDatabase()));
  after(() => database[Symbol.asyncDispose]());
  beforeEach(async () => {
    await database.db.run({ text: 'DELETE FROM account_data', values: [] });
    notifier = new Notifier();
    const stream = await openAccountDataStream(database.db);
    const derived = new Map([
      ['m.made', (userId: UserId, stored: JsonObject | undefined) => ({ for: userId, stored: stored ?? null })],
    ]);
    accountData = new AccountData({ db: database.db, stream, notifier, derived });
  });

  const changes = (user: UserId, after: Position = START) =>
    accountData.changes(user, { after, upTo: accountData.stream.settled });

  it('is taken from more clients at once than there are positions at hand', async () => {
    const types = Array.from({ length: 1_200 }, (_, n) => `x.${n}`);
    await Promise.all(types.map((type) => accountData.set({ userId: bob, roomId: undefined, type }, {})));
    const { global } = await changes(bob);
    expect(global.map(({ type }) => type)).to.include.members(types);
  });

  it('comes back as it was, of rooms apart from of none', async () => {
    const odd = { text: 'nul \0 and half \ud800', ['__proto__']: { kept: true }, deep: [{ a: null }] };
    await accountData.set({ userId: alice, roomId: undefined, type: 'x' }, odd);
    await accountData.set({ userId: alice, roomId: room, type: 'x' }, { of: 'room' });
    expect(JSON.stringify(await accountData.get({ userId: alice, roomId: undefined, type: 'x' }))).to.equal(
      JSON.stringify(odd),
    );
    expect(await accountData.get({ userId: alice, roomId: room, type: 'x' })).to.eql({ of: 'room' });
    const missing = [
      { userId: bob, roomId: undefined, type: 'x' },
      { userId: alice, roomId: undefined, type: 'y' },
      { userId: alice, roomId: room, type: 'm.made' },
    ];
    expect(await Promise.all(missing.map((key) => accountData.get(key).catch(code)))).to.eql(
      Array(3).fill('M_NOT_FOUND'),
    );
  });

  it('is not more than an account may keep, and can still be replaced by less', async () => {
    const key = (type: string) => ({ userId: alice, roomId: undefined, type });
    const large = { text: 'x'.repeat(9_000_000) };
    await accountData.set(key('one'), large);
    expect(await accountData.set(key('two'), large).catch(code)).to.equal('M_TOO_LARGE');
    await accountData.set({ ...key('one'), userId: bob }, large);
    await accountData.set(key('one'), { text: 'less' });
    await accountData.set(key('two'), large);
    expect(await accountData.get(key('one'))).to.eql({ text: 'less' });
  });

  it('is told as changes, each once, the newest content', async () => {
    const key = { userId: alice, roomId: undefined, type: 'x' };
    await accountData.set(key, { n: 1 });
    const seen = accountData.stream.settled;
    await accountData.set(key, { n: 2 });
    await accountData.set({ ...key, roomId: room }, { n: 3 });
    await accountData.set({ ...key, userId: bob }, { n: 4 });
    const { global, rooms } = await changes(alice, seen);
    expect(global).to.eql([{ type: 'x', content: { n: 2 } }]);
    expect([...rooms]).to.eql([[room, [{ type: 'x', content: { n: 3 } }]]]);
    expect((await changes(alice, accountData.stream.settled)).global).to.eql([]);
  });

  it('continues its positions in the next life of the server, whatever is left of what took them', async () => {
    await accountData.set({ userId: alice, roomId: undefined, type: 'x' }, {});
    await accountData.erase(alice);
    expect((await openAccountDataStream(database.db)).settled).to.be.at.least(accountData.stream.settled);
  });

  it('that the server makes is there from the start, and again when it changes', async () => {
    expect((await changes(alice)).global).to.eql([{ type: 'm.made', content: { for: alice, stored: null } }]);
    const seen = accountData.stream.settled;
    expect((await changes(alice, (seen + 1) as Position)).global).to.eql([]);
    await accountData.update({ userId: alice, roomId: undefined, type: 'm.made' }, () => ({ n: 1 }));
    const made = { type: 'm.made', content: { for: alice, stored: { n: 1 } } };
    expect((await changes(alice, seen)).global).to.eql([made]);
    expect(await accountData.get({ userId: alice, roomId: undefined, type: 'm.made' })).to.eql(made.content);
  });

  it('is erased for one user at a time', async () => {
    for (const userId of [alice, bob]) await accountData.set({ userId, roomId: undefined, type: 'x' }, {});
    await accountData.erase(alice);
    expect((await changes(alice)).global.map(({ type }) => type)).to.eql(['m.made']);
    expect((await changes(bob)).global.map(({ type }) => type)).to.eql(['x', 'm.made']);
  });

  it('wakes whose it is', async () => {
    const rung: UserId[] = [];
    for (const user of [alice, bob]) notifier.listen(user, { ring: () => void rung.push(user) });
    await accountData.set({ userId: alice, roomId: undefined, type: 'x' }, {});
    expect(rung).to.eql([alice]);
  });

  it('is not kept as it was when a change is committed after one that began later', async () => {
    const { db } = database;
    let beforeCommit = async (): Promise<void> => undefined;
    const transact = <T>(work: (tx: Tx) => Promise<T>) =>
      db.transact(async (tx) => {
        const result = await work(tx);
        await beforeCommit();
        return result;
      });
    const held = { rows: <Row>(statement: Sql) => db.rows<Row>(statement), transact } as unknown as Database;
    const stream = await openAccountDataStream(db);
    const accountData = new AccountData({ db: held, stream, notifier, derived: new Map() });
    const ignored = new IgnoredUsers(accountData);
    const [written, mayGoOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    beforeCommit = () => {
      written.resolve();
      return mayGoOn.promise;
    };
    const content = { ignored_users: { [bob]: {} } };
    const early = accountData.set({ userId: alice, roomId: undefined, type: 'm.ignored_user_list' }, content);
    await written.promise;
    beforeCommit = async () => undefined;
    await accountData.set({ userId: alice, roomId: undefined, type: 'x' }, {});
    expect(await ignored.of(alice)).to.eql(new Set());
    mayGoOn.resolve();
    await early;
    expect(await ignored.of(alice)).to.eql(new Set([bob]));
  });

  it('gives a position back when the write fails', async () => {
    const before = accountData.stream.settled;
    const refused = accountData.update({ userId: alice, roomId: undefined, type: 'x' }, () => {
      throw new Error('no');
    });
    expect(await refused.catch((error: unknown) => String(error))).to.equal('Error: no');
    const impossible = accountData.set({ userId: alice, roomId: undefined, type: 'a\0' }, {});
    expect(await impossible.catch(() => 'failed')).to.equal('failed');
    expect(accountData.stream.settled).to.be.greaterThanOrEqual(before);
    await accountData.set({ userId: alice, roomId: undefined, type: 'x' }, {});
    expect((await changes(alice)).global.map(({ type }) => type)).to.eql(['x', 'm.made']);
  });

  describe('tags', () => {
    it('are set and removed one by one, also at once', async () => {
      const tags = new Tags(accountData);
      expect(await tags.of(alice, room)).to.eql({});
      const names = ['u.a', 'u.b', '__proto__', 'm.favourite'];
      await Promise.all(names.map((tag, order) => tags.add(alice, room, { tag, details: { order } })));
      expect(Object.keys(await tags.of(alice, room))).to.have.members(names);
      await tags.remove(alice, room, 'u.a');
      await tags.remove(alice, room, 'u.a');
      expect(Object.keys(await tags.of(alice, room))).to.have.members(names.slice(1));
      expect(await tags.of(bob, room)).to.eql({});
      const { rooms } = await changes(alice);
      expect(rooms.get(room)?.[0]?.type).to.equal('m.tag');
    });

    it('survive what a client writes in their place', async () => {
      const tags = new Tags(accountData);
      await accountData.set({ userId: alice, roomId: room, type: 'm.tag' }, { tags: 'none' });
      expect(await tags.of(alice, room)).to.eql({});
      await tags.add(alice, room, { tag: 'u.a', details: {} });
      expect(await tags.of(alice, room)).to.eql({ 'u.a': {} });
      const huge = { tag: 'u.b', details: { x: 'x'.repeat(70_000) } };
      expect(await tags.add(alice, room, huge).catch(code)).to.equal('M_TOO_LARGE');
    });
  });
});
