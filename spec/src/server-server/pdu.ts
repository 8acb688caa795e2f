import { Type } from '@sinclair/typebox';
import { formats } from '../formats.ts';

/**
 * An event as servers exchange it. Its format depends on the room version, so no schema checks it here: a PDU is
 * refused by the checks of its room version and by the authorisation rules, never by the shape of an envelope.
 */
export const pdu = formats.object;

export const pdus = Type.Array(pdu);

/** Path parameters that several operations share. */
export const roomParams = Type.Object({ roomId: formats.roomId });
export const roomAndEventParams = Type.Object({ roomId: formats.roomId, eventId: formats.eventId });
export const roomAndUserParams = Type.Object({ roomId: formats.roomId, userId: formats.userId });

/** `{"pdus": [...]}` with the answering server's name and time, as `/event` and `/backfill` answer. */
export const pduEnvelope = Type.Object({
  origin: Type.Optional(Type.String()),
  origin_server_ts: Type.Optional(Type.Number()),
  pdus,
});

/** https://spec.matrix.org/latest/client-server-api/#size-limits */
export const MAX_PDU_BYTES = 65_536;
