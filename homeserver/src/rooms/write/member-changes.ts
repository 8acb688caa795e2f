import { serverOf, UserId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { Position } from '../../streams/stream.ts';
import type { Member, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { Places } from './places.ts';
import type { MemberChange } from './room-write.ts';

export interface CommittedMember extends MemberChange {
  readonly before: string | undefined;
}

/** Whose membership is another one after a step. */
export class MemberChanges {
  readonly #byUser = new Map<UserId, CommittedMember>();

  get all(): readonly CommittedMember[] {
    return [...this.#byUser.values()];
  }

  /** Something else is current under a key; nothing to note unless it is the key of a member. */
  note(before: StoredEvent | undefined, after: StoredEvent | undefined, position: Position): void {
    const of = after ?? before;
    const userId = of?.event.type === 'm.room.member' ? of.event.stateKey : undefined;
    if (!of || userId === undefined || !UserId.is(userId)) return;
    const change: CommittedMember = {
      userId,
      membership: after ? membershipText(after.event) : 'leave',
      before: before && membershipText(before.event),
      eventNid: of.nid,
      sender: of.event.sender,
      server: serverOf(userId),
      position,
    };
    // One row per user: only the last change of a step is written, but it must know what was before the first.
    const earlier = this.#byUser.get(userId);
    this.#byUser.set(userId, earlier ? { ...change, before: earlier.before } : change);
  }

  settle(places: Places): void {
    for (const [userId, change] of this.#byUser) this.#byUser.set(userId, places.settled(change));
  }
}

const membershipText = ({ content }: Event): string => {
  const membership = content['membership'];
  return typeof membership === 'string' ? membership : 'leave';
};

/** A committed membership as readers know it. */
export const toMember = (room: Room, change: MemberChange): Member => ({
  roomNid: room.nid,
  userId: change.userId,
  membership: change.membership as Member['membership'],
  eventNid: change.eventNid,
  sender: change.sender,
  server: change.server,
  position: change.position,
});
