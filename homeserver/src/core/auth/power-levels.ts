import type { Json } from '@holm/spec/json';
import { isObject } from '@holm/spec/json';
import type { Event } from '../events/event.ts';
import type { AuthRules } from '../rooms/room-version.ts';
import type { AuthState } from './auth-state.ts';
import { creatorsOf } from './auth-state.ts';

/** Above every number that a power level can be. */
export const CREATOR_LEVEL = Number.POSITIVE_INFINITY;

/** What applies where nothing is written. https://spec.matrix.org/latest/client-server-api/#mroompower_levels */
const DEFAULTS = {
  users_default: 0,
  events_default: 0,
  state_default: 50,
  ban: 50,
  kick: 50,
  redact: 50,
  invite: 0,
} as const;

export type NamedLevel = keyof typeof DEFAULTS;

export const NAMED_LEVELS = Object.keys(DEFAULTS) as readonly NamedLevel[];

const INTEGER = /^\s*[+-]?\d+\s*$/;

/** A level as a room version writes it, or undefined if it does not count as one there. */
export const readLevel = (value: Json | undefined, syntax: AuthRules['powerLevels']): number | undefined => {
  if (typeof value === 'string')
    return syntax === 'integers' || !INTEGER.test(value) ? undefined : finite(Number(value));
  if (typeof value !== 'number') return undefined;
  if (syntax === 'lenient') return finite(Math.trunc(value));
  return Number.isSafeInteger(value) ? value : undefined;
};

// Infinity is what creators have; nobody else may write it down. Adding 0 makes of -0 a plain 0.
const finite = (level: number): number | undefined => (Number.isFinite(level) ? level + 0 : undefined);

/** A member of an object that came from elsewhere: `constructor` is an event type like any other. */
export const member = (object: Json | undefined, key: string): Json | undefined =>
  isObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;

/** One level of a power levels event; undefined where it is absent or cannot be read. */
const levelIn = (event: Event, holder: Json | undefined, key: string): number | undefined =>
  readLevel(member(holder, key), event.version.auth.powerLevels);

/** `ban`, `kick`, `invite` and so on, or what applies when they are not given. */
export const namedLevel = (state: AuthState, name: NamedLevel): number => {
  const event = state('m.room.power_levels', '');
  return (event && levelIn(event, event.content, name)) ?? DEFAULTS[name];
};

/** Creators of newer rooms stand above every level; of older rooms they have 100 until somebody says otherwise. */
export const powerLevelOf = (user: string, state: AuthState): number => {
  const create = state('m.room.create', '');
  const isCreator = create !== undefined && creatorsOf(create).some((creator) => creator === user);
  if (isCreator && create.version.auth.privilegedCreators) return CREATOR_LEVEL;
  const levels = state('m.room.power_levels', '');
  if (levels === undefined) return isCreator ? 100 : DEFAULTS.users_default;
  return levelIn(levels, levels.content['users'], user) ?? namedLevel(state, 'users_default');
};

/** The *required power level* of an event type. Membership has its own levels. */
export const requiredLevel = (state: AuthState, type: string, isState: boolean): number => {
  const event = state('m.room.power_levels', '');
  const explicit = event && levelIn(event, event.content['events'], type);
  return explicit ?? namedLevel(state, isState ? 'state_default' : 'events_default');
};

/** What it takes to notify everybody with `@room` and the like. */
export const notificationLevel = (state: AuthState, key: string): number => {
  const event = state('m.room.power_levels', '');
  return (event && levelIn(event, event.content['notifications'], key)) ?? 50;
};

export const mayInvite = (user: string, state: AuthState): boolean =>
  powerLevelOf(user, state) >= namedLevel(state, 'invite');

/** Whether one user may act on another at some level: kicks and bans need more power than their target has. */
export const outranks = (user: string, target: string, state: AuthState): boolean =>
  powerLevelOf(target, state) < powerLevelOf(user, state);
