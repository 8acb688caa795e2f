import type { JsonObject } from '@holm/spec/json';
import type { Profile } from './profile.ts';

/** When fields changed last, those that are gone among them. */
export type ChangedFields = Readonly<Record<string, number>>;

/** What became of a profile. */
export interface ProfileChange {
  readonly updated: JsonObject;
  readonly removed: readonly string[];
}

/** Somebody may set and remove one field after the other for ever. */
const GONE_REMEMBERED = 100;

/** `now`: the profile as it is after the change. */
export const withChanges = (
  before: ChangedFields,
  fields: readonly string[],
  { now, position }: { readonly now: Profile; readonly position: number },
): ChangedFields => {
  const all = { ...before, ...Object.fromEntries(fields.map((field) => [field, position])) };
  const gone = Object.entries(all).filter(([field]) => !Object.hasOwn(now, field));
  const dropped = gone.sort(([, a], [, b]) => b - a).slice(GONE_REMEMBERED);
  if (dropped.length === 0) return all;
  const names = new Set(dropped.map(([field]) => field));
  return Object.fromEntries(Object.entries(all).filter(([field]) => !names.has(field)));
};

export const changesSince = (profile: Profile, changed: ChangedFields, after: number): ProfileChange => {
  const fields = Object.entries(changed).flatMap(([field, position]) => (position > after ? [field] : []));
  const updated = fields.filter((field) => Object.hasOwn(profile, field));
  return {
    updated: Object.fromEntries(updated.map((field) => [field, profile[field] ?? null])),
    removed: fields.filter((field) => !Object.hasOwn(profile, field)),
  };
};
