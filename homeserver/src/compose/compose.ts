import { type Calls, callsRoutes } from '../features/calls/index.ts';
import type { Check } from '../features/health/index.ts';
import { createApp } from '../http/app.ts';
import { RateLimits } from '../http/rate-limit.ts';
import { Notifier } from '../streams/notifier.ts';
import type { Database } from '../storage/database.ts';
import { sql } from '../storage/sql.ts';
import { composeAccounts } from './accounts.ts';
import type { Base } from './base.ts';
import { composeCalls } from './calls.ts';
import { composeEncryption } from './encryption.ts';
import { composeEphemeral } from './ephemeral.ts';
import { composeDelayed } from './delayed.ts';
import { composeFeatures } from './features.ts';
import { composeFederation } from './federation.ts';
import { composeMatrixRtc } from './matrix-rtc.ts';
import { composeMedia } from './media.ts';
import { composeNotifications } from './notifications.ts';
import { composePresence } from './presence.ts';
import { composeRooms } from './rooms.ts';
import { matrixRoutes, plainRoutes, type Services } from './routes.ts';
import { composeSync } from './sync.ts';
import { composeUpkeep } from './upkeep.ts';
import { composeWebSockets } from './websockets.ts';

/** Constructs the server, bottom-up. What has to be closed goes onto `stack`. */
export const compose = async (base: Base, stack: AsyncDisposableStack) => {
  const { config, db, clock } = base;
  const notifier = new Notifier();
  const rateLimits = new RateLimits(config.rate_limits, clock);
  const federation = await composeFederation(base, stack);
  const rooms = await composeRooms(base, federation, { notifier, rateLimits });
  const accounts = await composeAccounts(base, notifier);
  const features = await composeFeatures(base, { federation, rooms, accounts, notifier });
  const delaying = composeDelayed(base, { rooms, accounts, sending: features.sending, rateLimits });
  const ephemeral = await composeEphemeral(base, { rooms, accounts, notifier }, stack);
  const encryption = await composeEncryption(base, { federation, rooms, accounts, notifier });
  const notifying = await composeNotifications(base, { rooms, accounts, ephemeral, notifier }, stack);
  const presence = await composePresence(base, { rooms, accounts, ephemeral, notifier }, stack);
  const followed = { rooms, features, accounts, ephemeral, encryption, notifying, presence, notifier };
  const syncing = composeSync(base, followed, stack);
  const sockets = composeWebSockets(base, { accounts, syncing, rateLimits }, stack);
  const media = await composeMedia(base, { federation, accounts }, stack);
  const calling = await composeCalls(base, { rooms, accounts, rateLimits });
  const calls = calling?.calls;
  const rtc = calling && composeMatrixRtc(base, { ...calling, federation, features, delaying });
  const services: Services = {
    federation,
    rooms,
    accounts,
    features,
    delaying,
    ephemeral,
    encryption,
    notifying,
    presence,
    syncing,
    upkeep: composeUpkeep(base, rooms, accounts),
    media,
    rtc,
    rateLimits,
  };
  const routes = matrixRoutes(base, services);
  const app = createApp({
    ...base,
    log: base.log.with({ area: 'http' }),
    routes,
    plainRoutes: [
      ...(calls ? callsRoutes(calls) : []),
      ...plainRoutes(base, [
        databaseCheck(db),
        drainingCheck(() => app.isDraining()),
        media.check,
        ...(calls ? [callsCheck(calls)] : []),
      ]),
    ],
    upgradeRoutes: [...(sockets ? [sockets] : []), ...(calls ? [calls.sockets] : [])],
    authenticate: {
      user: (token, origin) => accounts.sessions.atHand(token, origin) ?? accounts.sessions.authenticate(token, origin),
      server: (request) => federation.requests.verify(request),
    },
    rateLimits,
    bodyLimits: { client: config.limits.max_body_bytes, federation: config.limits.max_federation_body_bytes },
  });
  return { ...services, sockets, calls, routes, app, notifier, metrics: base.metrics };
};

const drainingCheck = (isDraining: () => boolean): Check => ({
  name: 'draining',
  needed: true,
  problem: () => Promise.resolve(isDraining() ? 'it is stopping' : undefined),
});

const databaseCheck = (db: Database): Check => ({
  name: 'database',
  needed: true,
  async problem() {
    await db.rows(sql`SELECT 1`);
    return undefined;
  },
});

/** A server without calls is still one. */
const callsCheck = (calls: Calls): Check => ({
  name: 'media worker',
  needed: false,
  problem: () => Promise.resolve(calls.problem),
});

export type Composed = Awaited<ReturnType<typeof compose>>;
