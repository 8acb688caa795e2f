import { compose, type Composed } from './compose/compose.ts';
import { createBase, type Effects } from './compose/base.ts';
import { startDelayed } from './compose/delayed.ts';
import { startEncryption } from './compose/encryption.ts';
import { scheduleParts } from './compose/schedules.ts';
import type { ServerConfig } from './config/schema.ts';
import { listen } from './http/listen.ts';
import type { Route } from './http/route.ts';
import { clearAway } from './platform/garbage.ts';
import { createSchedule } from './platform/schedule.ts';
import { expireTransactions } from './rooms/send/txn-expiry.ts';
import { connect } from './storage/connect.ts';
import type { Database } from './storage/database.ts';
import type { Migrate } from './storage/migrate.ts';

/** How long a stop waits for requests, then for what they have started, then for what is on its way to other servers. */
const REQUESTS_DRAIN_MS = 4_000;
const WORK_DRAIN_MS = 2_000;
const OUTBOX_DRAIN_MS = 3_000;

export interface DatabaseAddress {
  readonly url: string;
  /** Tests give each server its own. */
  readonly schema?: string;
  /** By whom its tables are brought up to date. */
  readonly migrate?: Migrate;
}

/** A server that answers requests. */
export interface Running {
  readonly urls: readonly string[];
  readonly routes: readonly Route[];
  readonly services: Composed;
  /** A one-time token to register with as the administrator; absent once there is one. */
  signUpToken(): Promise<string | undefined>;
  /** Resolves when nothing is under way: no background work, no queue, nothing to be sent that can be sent. */
  settled(): Promise<void>;
  /** Lets requests and queues come to their end, within ten seconds. */
  stop(): Promise<void>;
}

export const openDatabase = (
  config: ServerConfig,
  effects: Effects,
  { url, ...address }: DatabaseAddress,
): Promise<Database> =>
  connect({
    url,
    poolSize: config.database.pool_size,
    statementTimeoutMs: config.database.statement_timeout_ms,
    log: effects.log.with({ area: 'storage' }),
    ...address,
  });

export const startHomeserver = async (
  config: ServerConfig,
  effects: Effects,
  database: DatabaseAddress,
): Promise<Running> => {
  await using stack = new AsyncDisposableStack();
  const db = await openDatabase(config, effects, database);
  stack.defer(() => db.close());
  let urls: readonly string[] = [];
  const base = createBase(config, effects, { db, urls: () => urls });
  const server = await compose(base, stack);
  stack.defer(() => within(WORK_DRAIN_MS / 2, base.background.idle(), effects));
  const { accounts, delaying, features, rooms, app } = server;

  const settled = async (): Promise<void> => {
    // What is done in the background may give the outbox something to do when that had nothing.
    await Promise.all([rooms.engine.queue.idle(), base.background.idle()]);
    await Promise.all([rooms.engine.queue.idle(), rooms.outbox.settled(), base.background.idle()]);
  };
  stack.defer(() => accounts.sessions.writeLastSeen());
  stack.defer(() => rooms.outbox.stop(OUTBOX_DRAIN_MS));
  stack.defer(() => server.upkeep.jobs.stop());
  stack.defer(() => server.encryption.lists.remote.stop());
  stack.use(rooms.resync);
  stack.defer(() => within(WORK_DRAIN_MS / 2, rooms.engine.queue.idle(), effects));
  await rooms.outbox.start();
  await features.profiles.resume();
  startEncryption(base, server.encryption);
  await startDelayed(server, stack);
  rooms.resync.resume();
  base.background.run('finish upgrades of rooms', () => features.upgrades.resume());

  server.upkeep.jobs.wake();

  const schedule = stack.use(createSchedule(base.background, base.cron));
  schedule.every('* * * * *', 'trim the outbox', async () => {
    await rooms.outbox.trim();
  });
  schedule.every('30 * * * * *', 'join the loose ends of rooms', () => rooms.merger.tidy());
  schedule.every('45 * * * * *', 'try held events again', () => rooms.ingest.retryHeld());
  schedule.every('41 * * * *', 'delete states that nothing needs', () => rooms.collector.run());
  schedule.every('17 4 * * *', 'forget old transactions', () => expireTransactions(db, effects.clock));
  schedule.every('* * * * *', 'forget what does not stick any more', () => rooms.sticky.expire(effects.clock.now()));
  schedule.every('23 * * * *', 'forget delayed events that are over', () => delaying.delayed.trim());
  scheduleParts(schedule, server);
  schedule.every('*/3 * * * *', 'write down when devices were seen', () => accounts.sessions.writeLastSeen());
  schedule.every('*/4 * * * *', 'write down what is unread', () => server.notifying.unread.save());

  clearAway(); // while nobody waits yet
  const listening = await listen(config.listeners, { ...effects, app });
  stack.defer(() => listening.close(REQUESTS_DRAIN_MS));
  server.calls?.start();
  stack.defer(() => server.calls?.stop());
  urls = listening.urls;
  const open = stack.move();
  return {
    urls,
    routes: server.routes,
    services: server,
    settled,
    signUpToken: () => accounts.registration.signUpToken(),
    stop: () => open.disposeAsync(),
  };
};

/** Waits for work, but not longer than that: what is not over then is cut off with the database. */
const within = async (ms: number, work: Promise<void>, { clock, log }: Effects): Promise<void> => {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then(() => {
    if (!over.signal.aborted) log.warn('work cut off at stop', { afterMs: ms });
  });
  await Promise.race([work, late]);
  over.abort();
};
