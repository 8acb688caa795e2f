import type { RoomId } from '@holm/spec/ids';
import type { RoomVersion } from '../core/rooms/room-version.ts';
import type { Database } from '../storage/database.ts';
import type { Head, RoomIdentity, RoomNid } from './model.ts';
import { RoomMembers } from './members/room-members.ts';
import { StateLog } from './state/state-log.ts';
import { RoomKeys } from './state/room-keys.ts';
import { Tail } from './timeline/tail.ts';

/** What V8 takes for a room of which nothing is known yet but its head. */
const BYTES = 3_000;

export interface RoomDeps {
  readonly db: Database;
  /** Told when a room takes more memory than before, or less. */
  readonly grew: (room: Room) => void;
}

/**
 * One room as this process remembers it.
 *
 * Its head, keys, members and newest events change only when a write has been committed, and only in the room's queue.
 */
export class Room {
  readonly nid: RoomNid;
  readonly roomId: RoomId;
  readonly version: RoomVersion;
  readonly keys: RoomKeys;
  readonly members: RoomMembers;
  readonly tail: Tail;
  readonly stateLog: StateLog;
  #head: Head | undefined;

  /** `new`: nobody has written to it yet, so there is nothing to load. */
  constructor(
    { db, grew }: RoomDeps,
    identity: RoomIdentity,
    head: Head | undefined,
    kind: 'stored' | 'new' = 'stored',
  ) {
    this.nid = identity.nid;
    this.roomId = identity.roomId;
    this.version = identity.version;
    this.#head = head;
    const tell = (): void => grew(this);
    this.keys = new RoomKeys(db, identity.nid, kind, tell);
    this.members = new RoomMembers(db, identity.nid, kind, tell);
    this.tail = new Tail(tell);
    this.stateLog = new StateLog(kind);
  }

  /** Absent while this server takes no part in the room, but knows of it by an invite. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** What it takes in memory, roughly. */
  get bytes(): number {
    return BYTES + this.keys.bytes + this.members.bytes + this.tail.bytes;
  }

  /** For the room's queue alone. */
  moveHead(head: Head): void {
    this.#head = head;
  }
}
