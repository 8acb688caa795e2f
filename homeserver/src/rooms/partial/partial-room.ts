import type { EventId, ServerName } from '@holm/spec/ids';
import type { RoomNid } from '../model.ts';

/** A room that has been joined, but of which most members are not known yet (MSC3706, MSC3902). */
export interface PartialRoom {
  readonly roomNid: RoomNid;
  /** Our join: the state before it is to be completed. */
  readonly joinId: EventId;
  /** The servers in the room, the one that let us in first. */
  readonly servers: readonly ServerName[];
}
