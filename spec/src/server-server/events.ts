import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pduEnvelope, pdus, roomAndEventParams } from './pdu.ts';

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
