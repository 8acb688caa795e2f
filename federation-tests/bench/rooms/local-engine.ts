import { signingKeyFromSeed } from '@holm/homeserver/core/crypto/keys';
import type { Signer } from '@holm/homeserver/core/events/build';
import { systemClock } from '@holm/homeserver/platform/clock';
import { systemEntropy } from '@holm/homeserver/platform/entropy';
import { IdleCaches } from '@holm/homeserver/platform/idle-caches';
import { silentLog } from '@holm/homeserver/platform/log';
import { createRoomEngine, type RoomEngine } from '@holm/homeserver/rooms/engine';
import { connect } from '@holm/homeserver/storage/connect';
import type { Database } from '@holm/homeserver/storage/database';
import { Notifier } from '@holm/homeserver/streams/notifier';
import { KeyId, ServerName } from '@holm/spec/ids';

const CACHE_BYTES = {
  events: 32 * 1024 * 1024,
  states: 16 * 1024 * 1024,
  rooms: 48 * 1024 * 1024,
  memberships: 64_000_000,
};

/** The room engine of a server, without the server around it. */
export interface LocalEngine extends AsyncDisposable {
  readonly engine: RoomEngine;
  readonly db: Database;
  readonly signer: Signer;
  /** Another one on the same database, that remembers nothing. */
  restart(): Promise<RoomEngine>;
}

export const openEngine = async (url: string): Promise<LocalEngine> => {
  const db = await connect({ url, poolSize: 5, statementTimeoutMs: 60_000, log: silentLog });
  const server = ServerName.parse('bench.localhost');
  const signer = { server, key: signingKeyFromSeed(KeyId.parse('ed25519:bench'), systemEntropy.bytes(32)) };
  const start = () =>
    createRoomEngine({
      db,
      clock: systemClock,
      idle: new IdleCaches(systemClock),
      entropy: systemEntropy,
      log: silentLog,
      notifier: new Notifier(),
      signer,
      listeners: [],
      cacheBytes: CACHE_BYTES,
      client: { call: () => Promise.reject(new Error('there is nobody else here')) },
    });
  return {
    engine: await start(),
    db,
    signer,
    restart: start,
    [Symbol.asyncDispose]: () => db.close(),
  };
};
