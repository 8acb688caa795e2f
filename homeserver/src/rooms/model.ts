import type { EventId, RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { Event } from '../core/events/event.ts';
import type { Membership } from '../core/events/membership.ts';
import type { RoomVersion } from '../core/rooms/room-version.ts';
import type { Position } from '../streams/stream.ts';

/** A room's number in this database. */
export type RoomNid = number;
/** An event's number in this database. */
export type EventNid = number;
/** A state key's number in its room; see `well-known-keys.ts`. */
export type KeyNumber = number;
/** A state of a room: the row of its trie's root, or 0 for the empty state. */
export type SnapshotId = number;

export const EMPTY_STATE: SnapshotId = 0;

/** Numbers below this one are kept for well-known state keys; see `state/well-known-keys.ts`. */
export const FIRST_FREE_KEY: KeyNumber = 32;

/**
 * `soft-failed` and `rejected` events are kept, because others may refer to them, but are never shown. `withheld` ones
 * are redactions that have no effect, or none yet: they take part in the room, and clients do not hear of them.
 */
export type EventStatus = 'accepted' | 'soft-failed' | 'rejected' | 'withheld';

/** Whether an event takes part in the room, be it that clients do not see it yet. */
export const isOfRoom = (status: EventStatus): boolean => status === 'accepted' || status === 'withheld';

/** An event with what this server knows of it. Immutable but for what is computed from it on demand. */
export interface StoredEvent {
  readonly nid: EventNid;
  readonly roomNid: RoomNid;
  /** What is left of it, once it has been redacted: what was taken away is nowhere but in `rooms/originals.ts`. */
  readonly event: Event;
  /** Characters of its JSON as it is stored. */
  readonly textLength: number;
  readonly status: EventStatus;
  /** Place in the timeline; absent for events outside it. */
  readonly ord: number | undefined;
  readonly position: Position | undefined;
  /** State before the event; absent for outliers, whose place in the room is not known. */
  readonly snapshot: SnapshotId | undefined;
  readonly keyNumber: KeyNumber | undefined;
  readonly authNumber: number | undefined;
  /** The event that held the same state key before. */
  readonly replaces: EventNid | undefined;
  readonly redactedBy: EventNid | undefined;
}

/** An event that no event follows yet. */
export interface Extremity {
  readonly nid: EventNid;
  readonly eventId: EventId;
  readonly depth: number;
}

/** The newest end of a room, as of one version. */
export interface Head {
  /** Counts the writes to the room. A write succeeds only on the version that it was built on. */
  readonly version: number;
  readonly snapshot: SnapshotId;
  readonly extremities: readonly Extremity[];
  readonly depth: number;
  readonly firstOrd: number;
  readonly lastOrd: number;
  readonly nextKey: KeyNumber;
  /** The next free number in the graph of authority, and the event that has the last one. */
  readonly nextAuth: number;
  readonly lastAuthNid: EventNid;
}

/** The head of a room before its first event. */
export const EMPTY_HEAD: Head = {
  version: 0,
  snapshot: EMPTY_STATE,
  extremities: [],
  depth: 0,
  firstOrd: 1,
  lastOrd: 0,
  nextKey: FIRST_FREE_KEY,
  nextAuth: 0,
  lastAuthNid: 0,
};

export interface RoomIdentity {
  readonly nid: RoomNid;
  readonly roomId: RoomId;
  readonly version: RoomVersion;
}

/** One user's standing in one room. */
export interface Member {
  readonly roomNid: RoomNid;
  readonly userId: UserId;
  readonly membership: Membership;
  readonly eventNid: EventNid;
  /** Who set it: an invite's inviter, a ban's moderator. */
  readonly sender: UserId;
  readonly server: ServerName;
  readonly position: Position;
}
