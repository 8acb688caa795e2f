import { type RoomId, RoomId as RoomIds, type UserId } from '@holm/spec/ids';
import { mayInvite } from '../../core/auth/power-levels.ts';
import { allowedRoomsOf, joinRuleOf } from '../../core/events/content.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { Head } from '../model.ts';
import type { Room } from '../room.ts';
import type { Presence } from './room-members.ts';
import { authStateOf, type States } from '../state/states.ts';

/** What a room of restricted entry makes of somebody who is neither in it nor invited. */
export type Admission =
  | { readonly kind: 'as any other' }
  | { readonly kind: 'refused' }
  /** They meet no condition that this server can check, and there are others. */
  | { readonly kind: 'unknown' }
  /** They meet a condition. `by` may vouch for it; absent if nobody of this server can. */
  | { readonly kind: 'admitted'; readonly by: UserId | undefined };

export interface AdmissionDeps {
  readonly states: States;
  readonly membersOf: (room: Room) => Promise<Presence>;
  /** Whether a user is in a room. Undefined where this server cannot know. */
  readonly isJoined: (user: UserId, room: RoomId) => Promise<boolean | undefined>;
}

const CREATE = ['m.room.create', ''] as const;
const POWER = ['m.room.power_levels', ''] as const;
const JOIN_RULES = ['m.room.join_rules', ''] as const;

/** https://spec.matrix.org/latest/client-server-api/#restricted-rooms */
export const admissionOf = async (
  { states, membersOf, isJoined }: AdmissionDeps,
  room: Room & { readonly head: Head },
  user: UserId,
): Promise<Admission> => {
  const own = ['m.room.member', user] as const;
  const view = await states.view(room, room.head.snapshot, [CREATE, POWER, JOIN_RULES, own]);
  const rules = view.get(keyString(...JOIN_RULES))?.event.content;
  const membership = view.get(keyString(...own))?.event.content['membership'];
  if (!room.version.auth.restricted.has(joinRuleOf(rules))) return { kind: 'as any other' };
  if (membership === 'join' || membership === 'invite') return { kind: 'as any other' };
  const allowed = allowedRoomsOf(rules).filter((roomId) => RoomIds.is(roomId));
  const answers = await Promise.all(allowed.map((roomId) => isJoined(user, roomId)));
  if (!answers.includes(true)) return { kind: answers.includes(undefined) ? 'unknown' : 'refused' };
  const state = authStateOf(view);
  const { local } = await membersOf(room);
  return { kind: 'admitted', by: [...local].find((candidate) => mayInvite(candidate, state)) };
};
