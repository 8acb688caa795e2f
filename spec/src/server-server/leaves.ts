import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pdu, roomAndEventParams, roomAndUserParams } from './pdu.ts';

export const makeLeave = serverEndpoint({
  operationId: 'makeLeave',
  method: 'GET',
  path: '/_matrix/federation/v1/make_leave/:roomId/:userId',
  auth: 'server',
  params: roomAndUserParams,
  query: nothing,
  body: nothing,
  response: Type.Object({ room_version: Type.Optional(Type.String()), event: formats.object }),
});

export const sendLeaveV2 = serverEndpoint({
  operationId: 'sendLeaveV2',
  method: 'PUT',
  path: '/_matrix/federation/v2/send_leave/:roomId/:eventId',
  auth: 'server',
  params: roomAndEventParams,
  query: nothing,
  body: pdu,
  response: nothing,
});
