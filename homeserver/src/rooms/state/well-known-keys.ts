import type { StateKey } from '../../core/auth/selection.ts';
import type { KeyNumber } from '../model.ts';

/**
 * State keys that have the same number in every room, so that one leaf of the trie holds nearly all that
 * authorisation, visibility and room summaries look at. The order is storage: append, never reorder. One leaf is 32.
 */
const TYPES = [
  'm.room.create',
  'm.room.power_levels',
  'm.room.join_rules',
  'm.room.history_visibility',
  'm.room.name',
  'm.room.topic',
  'm.room.avatar',
  'm.room.canonical_alias',
  'm.room.encryption',
  'm.room.guest_access',
  'm.room.server_acl',
  'm.room.tombstone',
  'm.room.policy',
  'm.room.retention',
  'm.room.pinned_events',
  'm.room.encrypted',
  'm.space.parent',
  'm.room.third_party_invite',
] as const;

const numbers: ReadonlyMap<string, KeyNumber> = new Map(TYPES.map((type, number) => [type, number]));

export const wellKnownKey = ([type, stateKey]: StateKey): KeyNumber | undefined =>
  stateKey === '' ? numbers.get(type) : undefined;

export const WELL_KNOWN_NUMBERS: readonly KeyNumber[] = [...numbers.values()];
