import { UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { isObject } from '@holm/spec/json';
import type { Event } from '../../events/event.ts';
import type { RoomVersion } from '../../rooms/room-version.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { creatorsOf } from '../auth-state.ts';
import { NAMED_LEVELS, member, powerLevelOf, readLevel } from '../power-levels.ts';
import type { LevelChange } from './level-changes.ts';
import { changedLevels } from './level-changes.ts';

/** `m.room.power_levels` (rule 10 of versions 1 and 12, 9 of those between). */
export const checkPowerLevels = (event: Event, state: AuthState): Verdict => {
  const shape = checkShape(event, state);
  if (!shape.allowed) return shape;
  const before = state('m.room.power_levels', '');
  return before === undefined ? ALLOW : checkChanges(event, before, powerLevelOf(event.sender, state));
};

const checkShape = ({ content, version }: Event, state: AuthState): Verdict => {
  const syntax = checkLevels(content, version);
  if (!syntax.allowed || !version.auth.privilegedCreators) return syntax;
  return checkNoCreators(Object.keys(content['users'] ?? {}), state);
};

/** Whether the levels are levels and the users users, whatever the room. */
export const checkLevels = (content: JsonObject, version: RoomVersion): Verdict => {
  if (version.auth.powerLevels === 'integers') {
    const named = NAMED_LEVELS.find((name) => !isLevelOrAbsent(version, member(content, name)));
    if (named !== undefined) return refuse(`${named} is not an integer`);
    const holder = ['events', 'notifications'].find((name) => !isLevelMap(version, content[name]));
    if (holder !== undefined) return refuse(`${holder} does not map to integers`);
  }
  const { users } = content;
  if (!isLevelMap(version, users)) return refuse('users does not map to integers');
  return Object.keys(users ?? {}).every(UserId.is) ? ALLOW : refuse('users has a key that is not a user id');
};

const isLevelOrAbsent = (version: RoomVersion, value: Json | undefined): boolean =>
  value === undefined || readLevel(value, version.auth.powerLevels) !== undefined;

const isLevelMap = (version: RoomVersion, map: Json | undefined): map is JsonObject | undefined =>
  map === undefined || (isObject(map) && Object.values(map).every((value) => isLevelOrAbsent(version, value)));

const checkNoCreators = (listed: readonly string[], state: AuthState): Verdict => {
  const create = state('m.room.create', '');
  const creators = new Set<string>(create && creatorsOf(create));
  return listed.some((user) => creators.has(user)) ? refuse('users lists a creator of the room') : ALLOW;
};

/** Nobody may touch a level above their own, or give more than they have. */
const checkChanges = (event: Event, before: Event, power: number): Verdict => {
  const { powerLevels: syntax, notificationLevels } = event.version.auth;
  const named = checkHolder(
    event,
    undefined,
    changedLevels(before.content, event.content, syntax, NAMED_LEVELS),
    power,
  );
  if (!named.allowed) return named;
  for (const holder of notificationLevels ? ['events', 'notifications', 'users'] : ['events', 'users']) {
    const changes = changedLevels(before.content[holder], event.content[holder], syntax);
    const verdict = checkHolder(event, holder, changes, power);
    if (!verdict.allowed) return verdict;
  }
  return ALLOW;
};

const checkHolder = (
  event: Event,
  holder: string | undefined,
  changes: readonly LevelChange[] | 'unreadable',
  power: number,
): Verdict => {
  if (changes === 'unreadable')
    return refuse(`${holder ?? 'the content'} holds a changed level that is not an integer`);
  return changes.map((change) => checkChange(event, holder, change, power)).find(({ allowed }) => !allowed) ?? ALLOW;
};

const checkChange = (event: Event, holder: string | undefined, change: LevelChange, power: number): Verdict => {
  const { key, from, to } = change;
  if (to !== undefined && to > power) return refuse(`the new level of ${key} is above the sender's own`);
  if (from === undefined) return ALLOW;
  if (from > power) return refuse(`the level of ${key} is above the sender's own`);
  return holder === 'users' && key !== event.sender && from === power
    ? refuse(`${key} has as much power as the sender`)
    : ALLOW;
};
