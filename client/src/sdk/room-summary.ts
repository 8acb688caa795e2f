import type { UnixMillis } from '../platform/clock.ts';
import type { Entry } from './entry.ts';

export type Membership = 'join' | 'invite' | 'knock' | 'leave' | 'ban';

/** A room as the list of rooms needs it. */
export interface RoomSummary {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
  readonly alias: string | undefined;
  readonly membership: Membership;
  readonly memberCount: number;
  readonly isPublic: boolean;
  /** When something was last said; for an invitation, when it came. */
  readonly activeAt: UnixMillis;
  readonly latest: Entry | undefined;
  readonly isUnread: boolean;
  /** How many messages notify, if the server counts them. */
  readonly unreadCount: number;
  readonly inviter: string | undefined;
}
