import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pdu, roomAndEventParams, roomAndUserParams } from './pdu.ts';

export const makeKnock = serverEndpoint({
  operationId: 'makeKnock',
  method: 'GET',
  path: '/_matrix/federation/v1/make_knock/:roomId/:userId',
  auth: 'server',
  params: roomAndUserParams,
  /** The room versions that the caller can take part in. */
  query: Type.Object({ ver: Type.Array(Type.String()) }),
  body: nothing,
  response: Type.Object({ room_version: Type.String(), event: formats.object }),
});

export const sendKnock = serverEndpoint({
  operationId: 'sendKnock',
  method: 'PUT',
  path: '/_matrix/federation/v1/send_knock/:roomId/:eventId',
  auth: 'server',
  params: roomAndEventParams,
  query: nothing,
  body: pdu,
  response: Type.Object({
    /** Whole PDUs from current servers, stripped events from older ones. */
    knock_room_state: Type.Array(formats.json),
  }),
});
