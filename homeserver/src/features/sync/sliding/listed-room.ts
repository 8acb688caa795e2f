import type { Member } from '../../../rooms/model.ts';
import type { Card } from './room-cards.service.ts';

/** One of a user's rooms, as lists see it. */
export interface ListedRoom {
  readonly card: Card;
  readonly member: Member;
}
