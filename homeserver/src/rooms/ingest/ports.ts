import type { EventId, RoomId, ServerName } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import type { SignatureVerdict } from '../../core/events/signatures.ts';
import type { Moment } from '../timeline/by-time.ts';

/** What the room engine asks of other servers. PDUs come as they were sent; a failure to answer is thrown. */
export interface RemoteRooms {
  missingEvents(server: ServerName, room: RoomId, request: MissingEvents): Promise<readonly unknown[]>;
  authChain(server: ServerName, room: RoomId, event: EventId): Promise<readonly unknown[]>;
  stateIds(server: ServerName, room: RoomId, event: EventId): Promise<RemoteStateIds>;
  /** To be disposed of. */
  state(server: ServerName, room: RoomId, event: EventId): Promise<StateSource>;
  event(server: ServerName, event: EventId): Promise<unknown>;
  backfill(server: ServerName, room: RoomId, from: readonly EventId[], limit: number): Promise<readonly unknown[]>;
  /** The event closest to a moment in one direction. */
  eventAt(server: ServerName, room: RoomId, moment: Moment): Promise<EventAt>;
}

export interface EventAt {
  readonly eventId: EventId;
  readonly sentAt: number;
}

export interface MissingEvents {
  /** What we have; the answer stops there. */
  readonly earliest: readonly EventId[];
  /** What we want the ancestors of. */
  readonly latest: readonly EventId[];
  readonly limit: number;
  /** What lies higher is not wanted. */
  readonly minDepth: number;
}

export interface RemoteStateIds {
  readonly state: readonly EventId[];
  readonly authChain: readonly EventId[];
}

export interface RemoteState {
  readonly state: readonly unknown[];
  readonly authChain: readonly unknown[];
}

/** A state as another server has told it, and what that rests on. It may be too large to be held. */
export interface StateSource extends AsyncDisposable {
  /** Reads the events of one of the two, in turns, as often as need be. They come in any order, with their length as text. */
  read(of: keyof RemoteState, take: (pdu: unknown, characters: number) => void | Promise<void>): Promise<void>;
}

/** Checks signatures; satisfied by the keyring. */
export interface EventVerifier {
  verifyEvents(events: readonly Event[]): Promise<ReadonlyMap<EventId, SignatureVerdict>>;
}
