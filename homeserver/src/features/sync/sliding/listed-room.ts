import type { Member } from '../../../rooms/model.ts';
import type { Card } from './room-cards.service.ts';

/** One of a user's rooms, as lists see it. */
export interface ListedRoom {
  readonly card: Card;
  readonly member: Member;
}

/** What lists are sorted by. Whoever is not in a room sees no activity but what became of themselves. */
export const activityOf = ({ card, member }: ListedRoom): number =>
  member.membership === 'join' ? card.bump : member.position;
