import type { RoomId } from '@holm/spec/ids';
import type { PollWish } from '../poll.service.ts';
import type { StateWish } from './state-wish.ts';

/** What is to be told of a room. */
export interface RoomConfig {
  readonly timelineLimit: number;
  /** State that any of them asks for. */
  readonly wishes: readonly StateWish[];
  /** The lists that have the room; only where clients are told of these. */
  readonly lists?: readonly string[] | undefined;
}

/** Which of a user's rooms are in a list; what is absent does not matter. */
export interface RoomFilters {
  readonly isDm?: boolean | undefined;
  readonly isEncrypted?: boolean | undefined;
  readonly isInvited?: boolean | undefined;
  /** `null` for rooms that have no type. */
  readonly roomTypes?: readonly (string | null)[] | undefined;
  readonly notRoomTypes?: readonly (string | null)[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly notTags?: readonly string[] | undefined;
  readonly spaces?: readonly string[] | undefined;
  /** What is in the name, in whichever case. */
  readonly nameLike?: string | undefined;
}

/** First and last, both included. */
export type Span = readonly [number, number];

export interface ListRequest {
  /** Absent for all of the list. */
  readonly spans: readonly Span[] | undefined;
  readonly filters: RoomFilters;
  readonly config: RoomConfig;
}

/** Of which rooms an extension tells; absent for all that are told of at all. */
export interface Scope {
  readonly lists: readonly string[] | undefined;
  /** There may be thousands of them. */
  readonly rooms: ReadonlySet<string> | undefined;
}

/** What is asked for beside rooms; absent for what is not. */
export interface Extensions {
  readonly accountData?: Scope | undefined;
  readonly receipts?: Scope | undefined;
  readonly typing?: Scope | undefined;
  readonly toDevice?: { readonly since: string | undefined; readonly limit: number } | undefined;
  readonly e2ee?: true | undefined;
  readonly stickyEvents?: StickyRequest | undefined;
  readonly threads?: ThreadsRequest | undefined;
  readonly profiles?: ProfilesRequest | undefined;
  /** Of those that are asked for. */
  readonly scopes: Scopes;
}

/** How far a client has got with what sticks, in its own words, and how much more it wants at a time. */
export interface StickyRequest {
  /** By which of its names the extension is asked for. */
  readonly name: string;
  readonly since: string | undefined;
  readonly limit: number;
}

/** How many of the threads whose state has changed are to be told. */
export interface ThreadsRequest {
  readonly name: string;
  readonly limit: number;
}

/** Which fields of profiles are wanted; absent for all. */
export interface ProfilesRequest {
  readonly name: string;
  readonly scope: Scope;
  readonly fields: readonly string[] | undefined;
}

export const SCOPED_EXTENSIONS = ['accountData', 'receipts', 'typing'] as const;
export type ScopedExtension = (typeof SCOPED_EXTENSIONS)[number];

/** Of which rooms each extension tells, as text; and which of them rest, because they are not asked for at the moment. */
export type Scopes = Readonly<Partial<Record<ScopedExtension | 'profiles' | 'resting', string>>>;

/** A request of sliding sync, in terms of no dialect in particular. */
export interface SlidingRequest extends PollWish {
  readonly connId: string;
  readonly pos: string | undefined;
  readonly lists: ReadonlyMap<string, ListRequest>;
  readonly subscriptions: ReadonlyMap<RoomId, RoomConfig>;
  readonly extensions: Extensions;
  /** Whether it is told of each room which lists have it: that they are others is news. */
  readonly tellsLists: boolean;
}
