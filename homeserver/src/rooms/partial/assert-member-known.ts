import { MatrixError } from '@holm/spec/errors';
import type { StateKey } from '../../core/auth/selection.ts';
import type { Head } from '../model.ts';
import type { Room } from '../room.ts';
import type { Draft } from '../send/draft.ts';
import type { States } from '../state/states.ts';
import type { PartialRooms } from './partial-rooms.ts';

/** About as long as clients wait for an answer. */
const PATIENCE_MS = 60_000;

/** Waits for a room to be known in full. M_UNKNOWN (503) when it takes too long. */
export const assertKnown = async (partial: Pick<PartialRooms, 'whenComplete'>, { nid }: Room): Promise<void> => {
  if (await partial.whenComplete(nid, PATIENCE_MS)) return;
  throw new MatrixError('M_UNKNOWN', 'this server is still learning who is in the room', { status: 503 });
};

/**
 * As `assertKnown`, before a membership is changed of which nothing is known yet: who joins may have been banned. A ban is
 * one whatever was before, and moderators of a room under attack cannot wait.
 */
export const assertMemberKnown = (
  { states, partial }: { readonly states: States; readonly partial: PartialRooms },
  room: Room & { readonly head: Head },
  { type, stateKey, content }: Pick<Draft, 'type' | 'stateKey' | 'content'>,
): Promise<void> | undefined => {
  if (!partial.get(room.nid) || type !== 'm.room.member' || stateKey === undefined) return undefined;
  if (content['membership'] === 'ban') return undefined;
  return assertStateKnown({ states, partial }, room, [type, stateKey]);
};

const assertStateKnown = async (
  { states, partial }: { readonly states: States; readonly partial: PartialRooms },
  room: Room & { readonly head: Head },
  key: StateKey,
): Promise<void> => {
  if (!(await states.get(room, room.head.snapshot, key))) await assertKnown(partial, room);
};
