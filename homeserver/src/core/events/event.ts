import type { EventId, RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { RoomVersion } from '../rooms/room-version.ts';

/** Signatures by server name (or entity), then by key id; unpadded base64. */
export type Signatures = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** An event as servers exchange it. Its shape depends on the room version; `parsePdu` reads any of them. */
export interface Pdu extends JsonObject {
  readonly type: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly depth: number;
  readonly origin_server_ts: number;
  readonly hashes: { readonly sha256: string };
  readonly signatures: Signatures;
}

/** An event whose shape has been checked and whose id has been computed. Never changes, but that `text` goes. */
export interface Event {
  readonly eventId: EventId;
  readonly roomId: RoomId;
  readonly version: RoomVersion;
  /** What is stored and sent: no `unsigned`, and no `event_id` in versions that compute it. */
  readonly pdu: Pdu;
  readonly type: string;
  readonly sender: UserId;
  /** Absent for events that are not state. */
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
  readonly depth: number;
  /** `origin_server_ts`: what the sending server's clock said. */
  readonly sentAt: number;
  readonly prevEvents: readonly EventId[];
  /** The events that it takes its authority from; where the room id implies the create event, that too. */
  readonly authEvents: readonly EventId[];
  /** The event that this one redacts, wherever the version keeps it. */
  readonly redacts: EventId | undefined;
  /** The canonical JSON of `pdu`, while it is at hand from building or checking the event; see `pduText`. */
  text?: string | undefined;
  /** Why its form alone allows it to be kept only as a rejected event. */
  readonly rejection?: string | undefined;
}

export type StateEvent = Event & { readonly stateKey: string };

export const isState = (event: Event): event is StateEvent => event.stateKey !== undefined;

/** The server that speaks for an event. */
export type Origin = ServerName;
