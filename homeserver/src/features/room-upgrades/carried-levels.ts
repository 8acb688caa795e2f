import { UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { NAMED_LEVELS, readLevel } from '../../core/auth/power-levels.ts';
import type { RoomVersion } from '../../core/rooms/room-version.ts';

/** Where creators stand above all levels, a room is closed by them alone, unless it was otherwise before. */
const TOMBSTONE = 150;
const STATE_DEFAULT = 50;
const ADMINISTRATOR = 100;

export interface LevelsChange {
  readonly from: RoomVersion;
  readonly to: RoomVersion;
  /** Whom the old room's create event names, and whom the new one's will. */
  readonly oldCreators: readonly UserId[];
  readonly newCreators: readonly UserId[];
}

/** The power levels of a room as they are in the room that replaces it. What is no level is left out. */
export const carriedLevels = (content: JsonObject, change: LevelsChange): JsonObject => {
  const { from, to } = change;
  const read = (value: Json | undefined): number | undefined => readLevel(value, from.auth.powerLevels);
  const levelsIn = (value: Json | undefined): Record<string, number> =>
    Object.fromEntries(
      Object.entries(isObject(value) ? value : {}).flatMap(([key, level]) => {
        const number = read(level);
        return number !== undefined && Number.isSafeInteger(number) ? [[key, number] as const] : [];
      }),
    );
  const { events, notifications, users, ...others } = content;
  const rest: JsonObject = others;
  const named = levelsIn(Object.fromEntries(NAMED_LEVELS.map((name) => [name, rest[name] ?? null])));
  const carriedEvents = levelsIn(events);
  const carried: JsonObject = {
    ...rest,
    ...named,
    events: to.auth.privilegedCreators ? withTombstone(carriedEvents, named['state_default']) : carriedEvents,
    ...(notifications !== undefined && { notifications: levelsIn(notifications) }),
    users: usersOf(levelsIn(users), { ...change, highest: highestOf(named, carriedEvents) }),
  };
  return withoutUnread(carried, named);
};

/** "The power level for sending `m.room.tombstone` events MUST explicitly be higher than `state_default`." */
const withTombstone = (events: Readonly<Record<string, number>>, stateDefault = STATE_DEFAULT) => {
  const { 'm.room.tombstone': tombstone } = events;
  if (tombstone !== undefined && tombstone > stateDefault) return events;
  return { ...events, 'm.room.tombstone': Math.max(TOMBSTONE, stateDefault + 1) };
};

/** Who stood above all numbers is given the highest one, where there is nothing above them; and the other way round. */
const usersOf = (
  users: Readonly<Record<string, number>>,
  { from, to, oldCreators, newCreators, highest }: LevelsChange & { readonly highest: number },
): JsonObject => {
  const known = Object.entries(users).filter(([user]) => UserId.is(user));
  if (to.auth.privilegedCreators) {
    const creators = new Set<string>(newCreators);
    return Object.fromEntries(known.filter(([user]) => !creators.has(user)));
  }
  if (!from.auth.privilegedCreators) return Object.fromEntries(known);
  const top = Math.max(highest, ...known.map(([, level]) => level));
  return { ...Object.fromEntries(known), ...Object.fromEntries(oldCreators.map((user) => [user, top])) };
};

const highestOf = (...levels: readonly Readonly<Record<string, number>>[]): number =>
  Math.max(ADMINISTRATOR, ...levels.flatMap((of) => Object.values(of)));

/** A named level that could not be read is what it would be if it were absent. */
const withoutUnread = (content: JsonObject, named: Readonly<Record<string, number>>): JsonObject =>
  Object.fromEntries(
    Object.entries(content).filter(([key]) => !NAMED_LEVELS.some((name) => name === key) || named[key] !== undefined),
  );

/** Power enough to do for a moment what whoever had it before could do: bans, above all. */
export const interimLevels = (
  content: JsonObject,
  { upgrader, banned }: { readonly upgrader: UserId; readonly banned: ReadonlySet<string> },
): JsonObject => {
  const users = Object.entries(isObject(content['users']) ? content['users'] : {});
  const numbers = [content, content['events'], content['users']].flatMap((levels) =>
    isObject(levels) ? Object.values(levels).filter((level) => typeof level === 'number') : [],
  );
  return {
    ...content,
    users: {
      ...Object.fromEntries(users.filter(([user]) => !banned.has(user))),
      [upgrader]: Math.max(ADMINISTRATOR, ...numbers),
    },
  };
};

/**
 * The old room's levels once it is not meant to be used any more; undefined where they say so already.
 * https://spec.matrix.org/latest/client-server-api/#server-behaviour-17 (step 6)
 */
export const closedLevels = (content: JsonObject, version: RoomVersion): JsonObject | undefined => {
  const read = (name: string, otherwise: number): number =>
    readLevel(content[name], version.auth.powerLevels) ?? otherwise;
  const least = Math.max(50, read('users_default', 0) + 1);
  const eventsDefault = Math.max(least, read('events_default', 0));
  const invite = Math.max(least, read('invite', 0));
  if (content['events_default'] === eventsDefault && content['invite'] === invite) return undefined;
  return { ...content, events_default: eventsDefault, invite };
};
