import { DeviceId } from '@holm/spec/ids';
import { expect } from 'chai';
import { Background } from '../../../platform/background.ts';
import { systemEntropy } from '../../../platform/entropy.ts';
import { silentLog } from '../../../platform/log.ts';
import { sql } from '../../../storage/sql.ts';
import type { Position } from '../../../streams/stream.ts';
import { createTestAccounts } from '../../../testing/accounts.ts';
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
  const background = new Background(silentLog);
  const opened = (): SlidingConnections => {
    const { clock } = createTestAccounts(database.db);
    return new SlidingConnections({ db: database.db, clock, entropy: systemEntropy, background });
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
});
