import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pduEnvelope, pdus, roomAndEventParams, roomParams } from './pdu.ts';

export const getEvent = serverEndpoint({
  operationId: 'getEvent',
  method: 'GET',
  path: '/_matrix/federation/v1/event/:eventId',
  auth: 'server',
  params: Type.Object({ eventId: formats.eventId }),
  query: nothing,
  body: nothing,
  response: pduEnvelope,
});

export const getEventAuth = serverEndpoint({
  operationId: 'getEventAuth',
  method: 'GET',
  path: '/_matrix/federation/v1/event_auth/:roomId/:eventId',
  auth: 'server',
  params: roomAndEventParams,
  query: nothing,
  body: nothing,
  response: Type.Object({ auth_chain: pdus }),
});

/** The event closest to a moment, from there on backwards or forwards in time. */
export const getEventByTimestamp = serverEndpoint({
  operationId: 'getEventByTimestamp',
  method: 'GET',
  path: '/_matrix/federation/v1/timestamp_to_event/:roomId',
  auth: 'server',
  params: roomParams,
  query: Type.Object({ ts: formats.integer, dir: Type.Union([Type.Literal('b'), Type.Literal('f')]) }),
  body: nothing,
  response: Type.Object({ event_id: formats.eventId, origin_server_ts: Type.Integer() }),
});
