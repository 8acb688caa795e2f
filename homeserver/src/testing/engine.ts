import { KeyId, ServerName } from '@holm/spec/ids';
import type { Signer } from '../core/events/build.ts';
import { signingKeyFromSeed } from '../core/crypto/keys.ts';
import type { FederationClient } from '../federation/client/client.ts';
import { FederationError } from '../federation/client/federation-error.ts';
import { IdleCaches } from '../platform/idle-caches.ts';
import { silentLog } from '../platform/log.ts';
import { createRoomEngine, type EngineDeps, type RoomEngine } from '../rooms/engine.ts';
import type { CommitListener } from '../rooms/commit.ts';
import type { Database } from '../storage/database.ts';
import { Notifier } from '../streams/notifier.ts';
import { createTestDatabase } from './database.ts';
import { ManualClock } from './manual-clock.ts';
import { seededEntropy } from './seeded-entropy.ts';

export interface TestEngineOptions {
  readonly serverName?: string;
  readonly listeners?: readonly CommitListener[];
  readonly cacheBytes?: EngineDeps['cacheBytes'];
  /** How other servers are asked; without it, nobody can be. */
  readonly client?: Pick<FederationClient, 'call'>;
}

export interface TestEngine extends AsyncDisposable {
  readonly engine: RoomEngine;
  readonly db: Database;
  readonly clock: ManualClock;
  readonly idle: IdleCaches;
  readonly notifier: Notifier;
  readonly signer: Signer;
  /** Another engine on the same database: the server after a restart. */
  readonly restart: () => Promise<RoomEngine>;
}

const CACHE_BYTES = { events: 10_000_000, states: 10_000_000, rooms: 10_000_000, memberships: 10_000_000 };

const nobody: Pick<FederationClient, 'call'> = {
  call: (server) => Promise.reject(new FederationError('unreachable', server)),
};

/** A room engine on a database of its own. The same name has the same key each time. */
export const createTestEngine = async (options: TestEngineOptions = {}): Promise<TestEngine> => {
  const { serverName = 'a.test', listeners = [], cacheBytes = CACHE_BYTES, client = nobody } = options;
  const database = await createTestDatabase();
  const { db } = database;
  const clock = new ManualClock();
  const idle = new IdleCaches(clock);
  const notifier = new Notifier();
  const server = ServerName.parse(serverName);
  const seed = seededEntropy(`key of ${server}`).bytes(32);
  const signer = { server, key: signingKeyFromSeed(KeyId.parse('ed25519:test'), seed) };
  let starts = 0;
  const start = () =>
    createRoomEngine({
      db,
      clock,
      idle,
      entropy: seededEntropy(`${server} ${starts++}`),
      log: silentLog,
      notifier,
      signer,
      listeners,
      cacheBytes,
      client,
    });
  const engine = await start();
  return {
    engine,
    db,
    clock,
    idle,
    notifier,
    signer,
    restart: start,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
};
