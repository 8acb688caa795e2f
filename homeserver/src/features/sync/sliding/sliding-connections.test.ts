import { DeviceId } from '@holm/spec/ids';
import { expect } from 'chai';
import { Background } from '../../../platform/background.ts';
import { IdleCaches } from '../../../platform/idle-caches.ts';
import { systemEntropy } from '../../../platform/entropy.ts';
import { silentLog } from '../../../platform/log.ts';
import { sql } from '../../../storage/sql.ts';
import type { Position } from '../../../streams/stream.ts';
import { createTestAccounts } from '../../../testing/accounts.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { type TestDatabase, createTestDatabase } from '../../../testing/database.ts';
import type { Connection, Told } from './connection.ts';
import { type ConnectionKey, connectionKey } from './connection-key.ts';
import { SlidingConnections } from './sliding-connections.service.ts';

const LIVE: Told = { limit: 1, config: 0, standing: 'join', isDm: false };
const toldUpTo = (position: number): Told => ({ ...LIVE, missed: [position as Position] });

describe('connections of sliding sync', () => {
  let database: TestDatabase;
  let key: ConnectionKey;
  let connections: SlidingConnections;
  let clock: ManualClock;
  let idle: IdleCaches;
  const background = new Background(silentLog);
  const opened = (): SlidingConnections => {
    clock = new ManualClock();
    idle = new IdleCaches(clock);
    return new SlidingConnections({
      db: database.db,
      clock,
      entropy: systemEntropy,
      background,
      idle,
      connectionBytes: 100_000,
    });
  };

  before(async () => {
    database = await createTestDatabase();
    const { registration } = createTestAccounts(database.db);
    const deviceId = DeviceId.parse('PHONE');
    const { userId } = await registration.register({ username: 'alice', password: 'long enough', deviceId });
    key = connectionKey({ userId, deviceId }, 'rooms');
  });
  beforeEach(() => (connections = opened()));
  after(() => database[Symbol.asyncDispose]());

  /** What the client has heard of a room arrives there. */
  const hears = (connection: Connection, room: number, what: Told): void => {
    const gen = connection.send(new Map([[room, what]]), {}, new Map());
    connection.goOnFrom(gen, [9 as Position]);
    connections.changed(key, connection);
  };
  const failing = async (work: () => Promise<void>): Promise<void> => {
    await database.db.run(sql`ALTER TABLE sliding_rooms RENAME TO away`);
    await work();
    await database.db.run(sql`ALTER TABLE away RENAME TO sliding_rooms`);
  };
  /** As after a restart. */
  const stored = async (): Promise<Connection | undefined> => opened().find(key, (connection) => connection);

  it('go on from what was written down', async () => {
    hears(connections.start(key), 7, LIVE);
    await connections[Symbol.asyncDispose]();
    expect([...((await stored())?.rooms ?? [])]).to.eql([[7, LIVE]]);
  });

  it('write down later what could not be written', async () => {
    const connection = connections.start(key);
    hears(connection, 7, LIVE);
    await background.idle();
    await failing(async () => {
      hears(connection, 7, toldUpTo(5));
      await connections.write().catch(() => undefined);
    });
    hears(connection, 8, LIVE);
    await connections[Symbol.asyncDispose]();
    expect([...((await stored())?.rooms ?? [])]).to.eql([
      [7, toldUpTo(5)],
      [8, LIVE],
    ]);
  });

  it('are asked in memory while they are being written', async () => {
    const connection = connections.start(key);
    hears(connection, 7, LIVE);
    await failing(async () => {
      await connections.write().catch(() => undefined);
      expect(await connections.find(key, (connection) => connection)).to.equal(connection);
    });
    await connections[Symbol.asyncDispose]();
    expect([...((await stored())?.rooms.keys() ?? [])]).to.eql([7]);
  });

  const HALF_AN_HOUR = 31 * 60_000;
  /** Half an hour in which nobody asks for one, with all of it written down. */
  const lull = async (): Promise<void> => {
    await background.idle();
    clock.advance(HALF_AN_HOUR);
    await idle.letGo();
  };
  const found = async (): Promise<Connection | undefined> => connections.find(key, (connection) => connection);

  it('are not kept for clients that have gone, and read again when they come back', async () => {
    const connection = connections.start(key);
    hears(connection, 7, LIVE);
    await lull();
    const again = await found();
    expect(again).to.not.equal(connection);
    expect([...(again?.rooms ?? [])]).to.eql([[7, LIVE]]);
    expect(await found()).to.equal(again);
  });

  it('go with their device', async () => {
    const connection = connections.start(key);
    hears(connection, 7, LIVE);
    await background.idle();
    connections.forget({ userId: key.userId, deviceIds: [key.deviceId] });
    expect(await found()).to.not.equal(connection);
  });

  it('are at most twenty of a device in memory, those that were used last', async () => {
    const keys = Array.from({ length: 25 }, (_, n) => connectionKey(key, `of many ${n}`));
    const made = keys.map((each) => {
      const connection = connections.start(each);
      connections.changed(each, connection);
      return connection;
    });
    await background.idle();
    const isKept = async (n: number) => (await connections.find(keys[n]!, (connection) => connection)) === made[n];
    // From the newest on: to find one that has gone puts another one out.
    const kept: boolean[] = [];
    for (let n = 24; n >= 0; n--) kept.push(await isKept(n));
    expect(kept).to.eql(Array.from({ length: 25 }, (_, n) => n < 20));
  });

  it('are those that somebody has waited with all the while, once they have something to tell', async () => {
    const connection = connections.start(key);
    hears(connection, 7, LIVE);
    await lull();
    hears(connection, 8, LIVE);
    expect(await found()).to.equal(connection);
    await connections[Symbol.asyncDispose]();
    expect([...((await stored())?.rooms.keys() ?? [])]).to.eql([7, 8]);
  });

  for (const [members, isKept] of [
    [1, true],
    [400, false],
  ] as const) {
    it(`make room for each other by what has been told on them: ${members} members`, async () => {
      const connection = connections.start(key);
      hears(connection, 7, LIVE);
      await background.idle();
      const users = Array.from({ length: members }, (_, n) => `@user${n}:a.test`);
      for (let n = 0; n < 10; n++) {
        const other = connectionKey(key, `other ${n}`);
        const told = connections.start(other);
        told.goOnFrom(told.send(new Map(), {}, new Map([[7, { users, startsOver: false }]])), [9 as Position]);
        connections.changed(other, told);
      }
      await background.idle();
      expect((await found()) === connection).to.equal(isKept);
    });
  }

  it('count only what they know of members', () => {
    const connection = connections.start(key);
    const nothing = connection.bytes;
    const learns = (users: readonly string[], startsOver: boolean) => {
      const gen = connection.send(new Map(), {}, new Map([[7, { users, startsOver }]]));
      connection.goOnFrom(gen, [9 as Position]);
      return connection.bytes;
    };
    const two = learns(['@a:a.test', '@b:a.test'], false);
    expect(learns(['@b:a.test'], false)).to.equal(two);
    expect(learns([], true)).to.equal(nothing);
    expect(two).to.be.greaterThan(nothing);
  });
});
