import type { EventId, ServerName, UserId } from '@holm/spec/ids';
import type { StoredHash } from '../../core/state/state-hash.ts';
import type { Relation } from '../../core/events/content.ts';
import type { Position } from '../../streams/stream.ts';
import type { Stuck } from '../sticky/stuck.ts';
import type { EventNid, Head, KeyNumber, RoomNid, SnapshotId, StoredEvent } from '../model.ts';

/** A row of the state trie. */
export interface StateRow {
  readonly id: SnapshotId;
  /** Of the state that it is the root of; absent for rows that are only parts of one. */
  readonly hash: StoredHash | undefined;
  readonly data: Uint8Array;
}

export interface NewKey {
  readonly number: KeyNumber;
  readonly type: string;
  readonly stateKey: string;
}

/** Entries to append to one chunk of the graph of authority. */
export interface AuthAppend {
  readonly chunk: number;
  readonly data: Uint8Array;
}

export interface MemberChange {
  readonly userId: UserId;
  readonly membership: string;
  readonly eventNid: EventNid;
  readonly sender: UserId;
  readonly server: ServerName;
  readonly position: Position;
}

/** What a change of the room's state writes beside the event. */
export interface StateWrite {
  readonly rows: readonly StateRow[];
  readonly keys: readonly NewKey[];
  /** What is current now; no event where state resolution left a key empty. */
  readonly current: readonly (readonly [KeyNumber, EventNid | undefined])[];
  readonly members: readonly MemberChange[];
  readonly log: readonly (readonly [Position, SnapshotId])[];
  readonly auth: readonly AuthAppend[];
  /** Missing events that known ones follow. */
  readonly gaps: readonly (readonly [EventId, EventNid])[];
  /** Missing events that have arrived. */
  readonly filled: readonly EventId[];
}

/** An event that loses its content. */
export interface Redacted {
  readonly target: EventNid;
  readonly by: EventNid;
  /** What is left of it. */
  readonly text: string;
  /** What it was; absent if nothing is taken away. */
  readonly original: string | undefined;
  /** Of the state that it sets, if any. */
  readonly keyNumber: KeyNumber | undefined;
}

/** What redactions write beside the events. */
export interface RedactionWrite {
  readonly redacted: readonly Redacted[];
  /** Redactions whose targets are not here yet. */
  readonly awaited: readonly (readonly [target: EventId, redaction: EventNid])[];
  /** Targets that have arrived: nothing waits for them any more. */
  readonly arrived: readonly EventId[];
  /** Redactions that were withheld, and are shown now. */
  readonly released: readonly StoredEvent[];
}

/** An event of a timeline that says something about another one. */
export interface RelationWrite {
  readonly child: StoredEvent;
  readonly relation: Relation;
}

export interface OutboxWrite {
  readonly position: Position;
  readonly eventNid: EventNid;
  readonly destinations: readonly ServerName[];
}

/** Everything that one step of a room writes. All of it becomes durable together, or none of it. */
export interface RoomWrite {
  readonly room: RoomNid;
  /** The head that this was built on. */
  readonly base: Head;
  readonly head: Head;
  readonly events: readonly StoredEvent[];
  /** Absent when only messages are written, which takes a shorter statement. */
  readonly state?: StateWrite;
  readonly redactions?: RedactionWrite;
  /** What the events say about others; mostly nothing, which takes a shorter statement, too. */
  readonly relations: readonly RelationWrite[];
  /** Events that stick; mostly none. */
  readonly sticky: readonly Stuck[];
  readonly txns: readonly (readonly [key: Buffer, EventNid])[];
  readonly outbox: readonly OutboxWrite[];
}
