import { availableParallelism, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { serverOf, type UserId } from '@holm/spec/ids';
import {
  announcedOf,
  Calls,
  isHidden,
  type MediaAddresses,
  ownAddresses,
  WhoMayCall,
} from '../features/calls/index.ts';
import { turnCredentials } from '../features/turn/index.ts';
import type { RateLimits } from '../http/rate-limit.ts';
import { EphemeralRooms } from '../rooms/members/ephemeral-rooms.ts';
import { secret } from '../storage/secrets.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: Pick<RoomServices, 'engine' | 'ingest' | 'outbox' | 'listeners'>;
  readonly accounts: Pick<AccountServices, 'sessions'>;
  readonly rateLimits: RateLimits;
}

/** Calls, and who may be in them; nothing at all where they are switched off. */
export const composeCalls = async (base: Base, { rooms, accounts, rateLimits }: Parts) => {
  const { config, db, entropy } = base;
  if (!config.calls.enabled) return undefined;
  const { engine, ingest, outbox } = rooms;
  const isAllowed = ingest.isAllowed.bind(ingest);
  const whoMayCall = new WhoMayCall({
    ...base,
    ...accounts,
    engine,
    rooms: new EphemeralRooms({ engine, isAllowed, outbox }),
  });
  const calls = new Calls({
    ...base,
    config: config.calls,
    secret: await secret(db, entropy, 'calls'),
    folder: join(config.data_dir, 'calls'),
    cores: availableParallelism(),
    addresses: () => mediaAddresses(base),
    admits: ({ member }) => whoMayCall.admits(member),
    mayTry: (key) => rateLimits.take('join', key),
    relaysFor: ({ userId }) => relaysFor(base, userId),
  });
  const callers = {
    members: () => calls.members(),
    close: calls.close.bind(calls),
  };
  rooms.listeners.push(whoMayCall.listener(callers));
  accounts.sessions.onSessionsEnd(whoMayCall.sessionsEnded(callers));
  return { calls, whoMayCall };
};

/** Our own users may go through our TURN server. */
const relaysFor = ({ config, clock, serverName }: Base, userId: UserId) => {
  const turn = serverOf(userId) === serverName ? turnCredentials(config.turn, userId, clock.now()) : undefined;
  return turn ? [{ urls: turn.uris, username: turn.username, credential: turn.password }] : [];
};

/** As configured; else those of the machine and, where those are inner ones, what our name leads to. */
const mediaAddresses = async ({ config, dns }: Base): Promise<MediaAddresses> => {
  const { addresses, announced_addresses: told } = config.calls;
  const bound = addresses.length > 0 ? addresses : ownAddresses(networkInterfaces());
  if (told.length > 0 || config.public_base_url === undefined || !isHidden(bound)) return { bound, announced: told };
  const { hostname } = new URL(config.public_base_url);
  const found = (await dns.addresses(hostname)).map(({ address }) => address);
  return { bound, announced: announcedOf(bound, found) };
};

export type CallServices = NonNullable<Awaited<ReturnType<typeof composeCalls>>>;
