import { Following } from '../features/sync/index.ts';
import { Sockets } from '../features/websocket/index.ts';
import type { RateLimits } from '../http/rate-limit.ts';
import type { Schedule } from '../platform/schedule.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { SyncServices } from './sync.ts';

interface Parts {
  readonly accounts: AccountServices;
  readonly syncing: SyncServices;
  readonly rateLimits: RateLimits;
}

/** Sockets over which clients follow and ask; nothing where they are switched off. */
export const composeWebSockets = (
  base: Base,
  { accounts, syncing, rateLimits }: Parts,
  stack: AsyncDisposableStack,
): Sockets | undefined => {
  const { config } = base;
  if (!config.websockets.enabled) return undefined;
  const { sessions, filters } = accounts;
  const sockets = new Sockets({
    ...base,
    log: base.log.with({ area: 'websocket' }),
    following: new Following({ ...syncing, filters }),
    authenticate: (token, origin) => sessions.authenticate(token, origin),
    tokensInUse: (tokenIds) => sessions.inUse(tokenIds),
    rateLimits,
    settings: config.websockets,
    maxBodyBytes: config.limits.max_body_bytes,
  });
  sessions.onSessionsEnd((ended) => sockets.end(ended));
  stack.defer(() => sockets.drain());
  void sockets.watch();
  return sockets;
};

export const scheduleWebSockets = (schedule: Schedule, sockets: Sockets | undefined): void => {
  if (sockets) schedule.every('11 * * * * *', 'close sockets of sessions that ended', () => sockets.confirm());
};
