import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pdu, roomAndEventParams } from './pdu.ts';

/** Rooms of versions 1 and 2, from servers that answer `M_UNRECOGNIZED` to the second version of this operation. */
export const sendInviteV1 = serverEndpoint({
  operationId: 'sendInviteV1',
  method: 'PUT',
  path: '/_matrix/federation/v1/invite/:roomId/:eventId',
  auth: 'server',
  params: roomAndEventParams,
  query: nothing,
  /** The invite, with the stripped state under `unsigned.invite_room_state`. */
  body: pdu,
  /** The number 200 and an object whose `event` is the invite with both signatures. */
  response: Type.Unsafe<readonly [200, { readonly event: object }]>(Type.Array(formats.json)),
});

export const sendInviteV2 = serverEndpoint({
  operationId: 'sendInviteV2',
  method: 'PUT',
  path: '/_matrix/federation/v2/invite/:roomId/:eventId',
  auth: 'server',
  params: roomAndEventParams,
  query: nothing,
  body: Type.Object({
    room_version: Type.String(),
    event: pdu,
    /** Whole PDUs from current servers, stripped events from older ones. */
    invite_room_state: Type.Optional(Type.Array(formats.json)),
  }),
  response: Type.Object({ event: pdu }),
});
