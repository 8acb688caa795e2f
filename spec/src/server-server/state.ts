import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pdus, roomParams } from './pdu.ts';

/** The state is the one before this event. */
const at = Type.Object({ event_id: formats.eventId });

export const getRoomState = serverEndpoint({
  operationId: 'getRoomState',
  method: 'GET',
  path: '/_matrix/federation/v1/state/:roomId',
  auth: 'server',
  params: roomParams,
  query: at,
  body: nothing,
  response: Type.Object({ auth_chain: pdus, pdus }),
});

export const getRoomStateIds = serverEndpoint({
  operationId: 'getRoomStateIds',
  method: 'GET',
  path: '/_matrix/federation/v1/state_ids/:roomId',
  auth: 'server',
  params: roomParams,
  query: at,
  body: nothing,
  response: Type.Object({ auth_chain_ids: Type.Array(Type.String()), pdu_ids: Type.Array(Type.String()) }),
});
