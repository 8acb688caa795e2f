import type { JsonObject } from '@holm/spec/json';
import type { Event } from './event.ts';
import { stickinessOf, stickyMembers } from './sticky.ts';

export interface ClientFormat {
  /** `/sync` names the room once, above its events. */
  readonly withoutRoomId?: boolean;
  /** What we tell this client besides: age, transaction id, previous content, aggregations, the redaction. */
  readonly unsigned?: JsonObject | undefined;
}

/** An event as clients see it: https://spec.matrix.org/latest/client-server-api/#room-event-format */
export const toClientEvent = (event: Event, { withoutRoomId = false, unsigned }: ClientFormat = {}): JsonObject => ({
  content: clientContent(event),
  event_id: event.eventId,
  origin_server_ts: event.sentAt,
  // Clients of every age find the target of a redaction, in whichever place their room version keeps it.
  ...(event.redacts === undefined ? {} : { redacts: event.redacts }),
  ...(withoutRoomId ? {} : { room_id: event.roomId }),
  sender: event.sender,
  ...(event.stateKey === undefined ? {} : { state_key: event.stateKey }),
  type: event.type,
  ...stickyMembers(stickinessOf(event.pdu)),
  ...(unsigned === undefined ? {} : { unsigned }),
});

export const clientEventText = (event: Event, format: ClientFormat = {}): string =>
  JSON.stringify(toClientEvent(event, format));

const clientContent = ({ content, redacts }: Event): JsonObject =>
  redacts === undefined || content['redacts'] !== undefined ? content : { ...content, redacts };

/** What someone outside a room is shown of its state: https://spec.matrix.org/latest/client-server-api/#stripped-state */
export const strippedState = (event: Event): JsonObject => ({
  content: event.content,
  sender: event.sender,
  state_key: event.stateKey ?? '',
  type: event.type,
});
