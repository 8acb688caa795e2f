import { MAX_STATUS_MESSAGE } from '@holm/spec/client-server/presence';
import { type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import type { UnixMillis } from '../../platform/clock.ts';
import { contentOf, type PresenceState, type Status } from './status.ts';

/** Of one message of another server. */
export const MAX_PUSHED = 500;
/** Nobody has been away for longer than that, whatever their server says. */
const LONGEST_AGO_MS = 10 * 365 * 86_400_000;

const STATES: ReadonlyMap<unknown, PresenceState> = new Map([
  ['online', 'online'],
  ['unavailable', 'unavailable'],
  ['offline', 'offline'],
  // MSC3026: what comes closest, for who does not know of it.
  ['busy', 'unavailable'],
  ['org.matrix.msc3026.busy', 'unavailable'],
]);

/** What a server says of its own users; entries that are not well-formed, or of others, do not count. */
export const fromEdu = (content: JsonObject, origin: ServerName, now: UnixMillis): Map<UserId, Status> => {
  const { push } = content;
  const entries = Array.isArray(push) ? (push as readonly Json[]).slice(0, MAX_PUSHED) : [];
  return new Map(entries.flatMap((entry) => (isObject(entry) ? entryOf(entry, origin, now) : [])));
};

const entryOf = (entry: JsonObject, origin: ServerName, now: UnixMillis): (readonly [UserId, Status])[] => {
  const { user_id: user, presence, last_active_ago: ago, currently_active: isActive, status_msg: message } = entry;
  const state = STATES.get(presence);
  if (!UserId.is(user) || serverOf(user) !== origin || state === undefined) return [];
  const isTime = typeof ago === 'number' && Number.isFinite(ago);
  const since = isTime ? Math.min(Math.max(0, Math.round(ago)), LONGEST_AGO_MS) : undefined;
  const status: Status = {
    state,
    lastActiveAt: since === undefined ? undefined : ((now - since) as UnixMillis),
    isActive: state === 'online' && isActive === true,
    message:
      typeof message === 'string' && message !== '' ? message.slice(0, MAX_STATUS_MESSAGE).toWellFormed() : undefined,
  };
  return [[user, status]];
};

/**
 * https://spec.matrix.org/latest/server-server-api/#presence
 *
 * Always canonical JSON: what cannot be sent of one user would otherwise keep all others from being told of.
 */
export const toEdu = (users: ReadonlyMap<UserId, Status>, now: UnixMillis) => ({
  edu_type: 'm.presence',
  content: {
    push: [...users].map(([user, status]) => {
      const message = status.message?.toWellFormed();
      return { user_id: user, last_active_ago: 0, ...contentOf({ ...status, message }, now) };
    }),
  },
});
