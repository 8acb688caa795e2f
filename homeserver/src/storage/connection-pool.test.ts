import { expect } from 'chai';
import pg from 'pg';
import { silentLog } from '../platform/log.ts';
import { testDatabaseUrl } from '../testing/database.ts';
import { ConnectionPool } from './connection-pool.ts';

describe('the pool of connections to the database', () => {
  const LOCK = 0x486f6c6d;
  /** It has the lock that others wait for, until it lets go of it. */
  let holder: pg.Client;
  const opened: ConnectionPool[] = [];

  beforeEach(async () => {
    holder = new pg.Client(testDatabaseUrl());
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
  });

  afterEach(async () => {
    await holder.end(); // With that nobody is stuck any more.
    await Promise.all(opened.splice(0).map((pool) => pool.end()));
  });

  const open = (max: number): ConnectionPool => {
    const pool = new ConnectionPool({ connectionString: testDatabaseUrl(), max }, silentLog);
    opened.push(pool);
    return pool;
  };

  const pidOf = async (pool: ConnectionPool): Promise<number> => {
    const { rows } = await pool.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' });
    return rows[0]?.pid ?? 0;
  };

  const fiveStuckOn = (pool: ConnectionPool): Promise<unknown> =>
    Promise.all(
      Array.from({ length: 5 }, () =>
        pool.query({
          text: 'SELECT pg_advisory_lock_shared($1), pg_advisory_unlock_shared($1)',
          values: [LOCK],
        }),
      ),
    );

  const fiveToBeStuck = async (): Promise<void> => {
    const stuck = 'SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))';
    while (((await holder.query(stuck)).rowCount ?? 0) < 5);
  };

  it('has few for a burst of look-ups', async () => {
    const pool = open(50);
    const pids = await Promise.all(Array.from({ length: 50 }, () => pidOf(pool)));
    expect(new Set(pids).size).to.be.within(1, 20); // 4, but for a database that does nothing for a while
  });

  it('opens more while those that are open are all taken', async () => {
    const pool = open(6);
    const stuck = fiveStuckOn(pool);
    expect(await pidOf(pool)).to.be.greaterThan(0);
    await holder.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await stuck;
  });

  it('never has more than are allowed', async () => {
    const [five, six] = [open(5), open(6)];
    const stuck = [fiveStuckOn(five)];
    let isAnswered = false;
    const last = pidOf(five).then(() => (isAnswered = true));
    await fiveToBeStuck();
    // Whoever may have six has the sixth after as long again; until then the others would have had one, too.
    stuck.push(fiveStuckOn(six));
    await pidOf(six);
    expect(isAnswered).to.equal(false);
    await holder.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await Promise.all([...stuck, last]);
  });
});
