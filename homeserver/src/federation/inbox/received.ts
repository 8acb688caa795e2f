import { RoomId, type ServerName } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';

/** What became of one event: nothing to say when it was dealt with, even if it was rejected by the room's rules. */
export interface PduResult {
  readonly error?: string;
}

/** The room engine's door for events that other servers push. */
export interface PduReceiver {
  /**
   * Takes events of one room in the order in which they came, and answers by event id. Members keep how their numbers
   * were written (`core/json`). Checks the room's server ACL. The room is unknown where an event does not name it,
   * as create events of some versions do not.
   */
  receive(
    origin: ServerName,
    roomId: RoomId | undefined,
    pdus: readonly JsonObject[],
  ): Promise<ReadonlyMap<string, PduResult>>;
}

/** Wants the ephemeral messages of one type. */
export interface EduListener {
  readonly eduType: string;
  /** Its messages must not be lost: if one cannot be processed, the transaction is refused, so that it comes again. */
  readonly isKept?: true;
  receive(origin: ServerName, content: JsonObject): Promise<void>;
}

export interface PdusByRoom {
  readonly rooms: ReadonlyMap<RoomId | undefined, readonly JsonObject[]>;
  /** Entries that are no events at all, and that have no id to answer by. */
  readonly malformed: number;
}

/** Sorts a transaction's events by room, keeping their order within each. */
export const byRoom = (pdus: readonly Json[]): PdusByRoom => {
  const rooms = new Map<RoomId | undefined, JsonObject[]>();
  let malformed = 0;
  for (const pdu of pdus) {
    const roomId = isObject(pdu) ? pdu['room_id'] : null;
    if (isObject(pdu) && (roomId === undefined || RoomId.is(roomId))) {
      const room = rooms.get(roomId) ?? [];
      room.push(pdu);
      rooms.set(roomId, room);
    } else malformed++;
  }
  return { rooms, malformed };
};

export interface ReceivedEdu {
  readonly type: string;
  readonly content: JsonObject;
}

/** The well-formed ones. */
export const readEdus = (edus: readonly Json[]): ReceivedEdu[] =>
  edus.flatMap((edu) => {
    if (!isObject(edu)) return [];
    const { edu_type: type, content } = edu;
    return typeof type === 'string' && isObject(content) ? [{ type, content }] : [];
  });
