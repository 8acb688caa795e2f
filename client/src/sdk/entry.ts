import type { UnixMillis } from '../platform/clock.ts';
import type { Problem } from './problem.ts';

export type Delivery = 'sending' | 'sent' | 'failed';

export interface Person {
  readonly userId: string;
  readonly name: string;
}

export type MembershipChange =
  | 'joined'
  | 'left'
  | 'invited'
  | 'declined'
  | 'withdrew'
  | 'kicked'
  | 'banned'
  | 'unbanned'
  | 'knocked'
  | 'renamed'
  | 'changed-avatar';

export type RoomChange =
  | { readonly what: 'created' | 'avatar' | 'power' | 'encryption' | 'upgraded' | 'alias' }
  | { readonly what: 'name' | 'topic'; readonly value: string }
  | { readonly what: 'access'; readonly value: 'public' | 'invite' | 'other' }
  | { readonly what: 'history'; readonly value: string };

export type EntryBody =
  | {
      readonly kind: 'text';
      readonly style: 'text' | 'notice' | 'emote';
      readonly text: string;
      readonly edited: boolean;
    }
  | { readonly kind: 'file'; readonly media: 'image' | 'video' | 'audio' | 'file'; readonly name: string }
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'membership'; readonly change: MembershipChange; readonly target: Person; readonly reason: string }
  | { readonly kind: 'room'; readonly change: RoomChange };

/** One thing in a timeline that is worth showing. */
export interface Entry {
  /** The same before and after the server has accepted a message of ours. */
  readonly key: string;
  readonly sender: Person;
  readonly isOwn: boolean;
  readonly at: UnixMillis;
  readonly body: EntryBody;
  readonly delivery: Delivery;
  /** Why it failed. */
  readonly problem?: Problem;
}
