import type { Json, JsonObject } from '@holm/spec/json';
import { isObject } from '@holm/spec/json';
import type { AuthRules } from '../../rooms/room-version.ts';
import { member, readLevel } from '../power-levels.ts';

export interface LevelChange {
  readonly key: string;
  /** Undefined where there was none, or none that could be read. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/**
 * The levels that differ in value between two objects that hold levels; of `names` only, where they are given.
 * Versions up to 9 let a level be junk as long as nobody touches it; a change to junk is `unreadable`.
 */
export const changedLevels = (
  before: Json | undefined,
  after: Json | undefined,
  syntax: AuthRules['powerLevels'],
  names?: readonly string[],
): readonly LevelChange[] | 'unreadable' => {
  if (after !== undefined && !isObject(after)) return isSame(before, after) ? [] : 'unreadable';
  const changes: LevelChange[] = [];
  for (const key of names ?? keysOf(before, after)) {
    const old = member(before, key);
    const young = member(after, key);
    if (isSame(old, young)) continue;
    const to = readLevel(young, syntax);
    if (to === undefined && young !== undefined) return 'unreadable';
    const from = readLevel(old, syntax);
    if (from !== to) changes.push({ key, from, to });
  }
  return changes;
};

const keysOf = (before: Json | undefined, after: JsonObject | undefined): ReadonlySet<string> =>
  new Set([...Object.keys(isObject(before) ? before : {}), ...Object.keys(after ?? {})]);

const isSame = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);
