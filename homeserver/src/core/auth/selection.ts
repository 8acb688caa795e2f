import type { JsonObject } from '@holm/spec/json';
import type { RoomVersion } from '../rooms/room-version.ts';
import { member } from './power-levels.ts';

export type StateKey = readonly [type: string, stateKey: string];

/** As much of an event as decides which state it is judged by. */
export interface Draft {
  readonly type: string;
  readonly sender: string;
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
}

const CREATE: StateKey = ['m.room.create', ''];

/** Join rules decide about these. */
const ADMISSIONS: ReadonlySet<unknown> = new Set(['join', 'invite', 'knock']);

/**
 * The state that stands in an event's `auth_events`, as far as the room has it.
 * https://spec.matrix.org/latest/server-server-api/#auth-events-selection
 */
export const authStateKeys = (version: RoomVersion, draft: Draft): readonly StateKey[] => {
  const keys = stateToAuthorise(version, draft);
  return version.auth.createInAuthEvents ? keys : keys.filter(([type]) => type !== CREATE[0]);
};

/** The state that an event's authorisation looks at: its auth events, and the create event in every version. */
export const stateToAuthorise = (version: RoomVersion, draft: Draft): readonly StateKey[] => {
  if (draft.type === 'm.room.create') return [];
  const keys: StateKey[] = [CREATE, ['m.room.power_levels', ''], ['m.room.member', draft.sender]];
  if (draft.type !== 'm.room.member') return keys;
  const members = memberKeys(version, draft).filter(([type, key]) => type !== 'm.room.member' || key !== draft.sender);
  return [...keys, ...members];
};

const memberKeys = (version: RoomVersion, { stateKey, content }: Draft): StateKey[] => {
  const keys: StateKey[] = [];
  const membership = content['membership'];
  if (stateKey !== undefined) keys.push(['m.room.member', stateKey]);
  if (ADMISSIONS.has(membership)) keys.push(['m.room.join_rules', '']);
  const token = member(member(content['third_party_invite'], 'signed'), 'token');
  if (membership === 'invite' && typeof token === 'string') keys.push(['m.room.third_party_invite', token]);
  const authorising = content['join_authorised_via_users_server'];
  if (version.auth.restricted.size > 0 && typeof authorising === 'string' && authorising !== stateKey) {
    keys.push(['m.room.member', authorising]);
  }
  return keys;
};
