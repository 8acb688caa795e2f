import type { Membership } from '../../../core/events/membership.ts';
import type { UserId } from '@holm/spec/ids';
import type { JsonText } from '../json-text.ts';

export interface Hero {
  readonly userId: UserId;
  readonly displayName: string | undefined;
  readonly avatarUrl: string | undefined;
}

/** What is told of a room, in terms of no dialect. What is absent has not changed; of a room that is new, it is not set. */
export interface RoomAnswer {
  readonly membership: Membership;
  /** All of it is told, and takes the place of anything that was told before. */
  readonly isInitial: boolean;
  readonly bump: number;
  readonly isDm?: boolean | undefined;
  /** `null` for what has been taken away. */
  readonly name?: string | null | undefined;
  readonly avatar?: string | null | undefined;
  readonly heroes?: readonly Hero[] | undefined;
  readonly counts?: { readonly joined: number; readonly invited: number } | undefined;
  /** What notifies the reader and is not read, outside of threads. */
  readonly unread?: { readonly notifications: number; readonly highlights: number } | undefined;
  /** Of somebody who is not in the room, and of whose invitation, or wish to be let in, it may be the end. */
  readonly stripped?: readonly JsonText[] | undefined;
  readonly state?: readonly JsonText[] | undefined;
  /** Type and state key of what is not part of the state any more. */
  readonly gone?: readonly (readonly [string, string])[] | undefined;
  readonly timeline?: RoomTimeline | undefined;
}

export interface RoomTimeline {
  /** Events, with commas between them. */
  readonly text: JsonText;
  readonly limited: boolean;
  /** Absent where there is no place in the room to go back from. */
  readonly prevBatch?: string | undefined;
  /** How many, of the last, have happened since the answer before. */
  readonly live: number;
  /** Older events than before are told, because more are asked for. */
  readonly isExpanded: boolean;
}
