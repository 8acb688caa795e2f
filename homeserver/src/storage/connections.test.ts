import { expect } from 'chai';
import pg from 'pg';
import { silentLog } from '../platform/log.ts';
import { testDatabaseUrl } from '../testing/database.ts';
import { Connections } from './connections.ts';

const open = (max: number) => new Connections({ connectionString: testDatabaseUrl(), max }, silentLog);

describe('connections to the database', () => {
  const LOCK = 0x486f6c6d;
  let holder: pg.Client;

  beforeEach(async () => {
    holder = new pg.Client(testDatabaseUrl());
    await holder.connect();
  });

  afterEach(() => holder.end());

  const pidOf = async (connections: Connections): Promise<number> => {
    const { rows } = await connections.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' });
    return rows[0]?.pid ?? 0;
  };

  it('are few for a burst of look-ups', async () => {
    const connections = open(50);
    const pids = await Promise.all(Array.from({ length: 50 }, () => pidOf(connections)));
    await connections.end();
    expect(new Set(pids).size).to.be.within(1, 20); // 4, but for a database that does nothing for a while
  });

  it('become more while those that are open are all taken', async () => {
    const connections = open(6);
    await holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const stuck = Array.from({ length: 5 }, () =>
      connections.query({ text: 'SELECT pg_advisory_lock_shared($1), pg_advisory_unlock_shared($1)', values: [LOCK] }),
    );
    expect(await pidOf(connections)).to.be.greaterThan(0);
    await holder.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await Promise.all(stuck);
    await connections.end();
  });

  it('are never more than are allowed', async () => {
    const connections = open(5);
    await holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const stuck = Array.from({ length: 5 }, () =>
      connections.query({ text: 'SELECT pg_advisory_lock_shared($1), pg_advisory_unlock_shared($1)', values: [LOCK] }),
    );
    let isAnswered = false;
    const last = pidOf(connections).then(() => (isAnswered = true));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isAnswered).to.equal(false);
    await holder.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await Promise.all([...stuck, last]);
    await connections.end();
  });
});
