import type { Member } from '../../../rooms/model.ts';
import type { Card } from './room-cards.service.ts';

/** One of a user's rooms, as lists see it. */
export interface ListedRoom {
  readonly card: Card;
  readonly member: Member;
}

/**
 * What lists are sorted by: what was said last, or when its user came in, because that is news to them. Whoever is not in a room sees no
 * activity but what became of themselves.
 */
export const activityOf = ({ card, member }: ListedRoom, cameIn = 0): number =>
  member.membership === 'join' ? Math.max(card.bump, cameIn) : member.position;
