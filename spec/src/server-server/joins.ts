import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { pdu, pdus, roomAndEventParams, roomAndUserParams } from './pdu.ts';

export const makeJoin = serverEndpoint({
  operationId: 'makeJoin',
  method: 'GET',
  path: '/_matrix/federation/v1/make_join/:roomId/:userId',
  auth: 'server',
  params: roomAndUserParams,
  /** The room versions that the caller can take part in; version 1 alone when it does not say. */
  query: Type.Object({ ver: Type.Optional(Type.Array(Type.String())) }),
  body: nothing,
  response: Type.Object({
    /** Absent from servers that know only versions 1 and 2. */
    room_version: Type.Optional(Type.String()),
    /** The join event without hashes and signatures, for the joining server to complete and sign. */
    event: formats.object,
  }),
});

export const sendJoinV2 = serverEndpoint({
  operationId: 'sendJoinV2',
  method: 'PUT',
  path: '/_matrix/federation/v2/send_join/:roomId/:eventId',
  auth: 'server',
  params: roomAndEventParams,
  query: Type.Object({ omit_members: Type.Optional(Type.Boolean()) }),
  body: pdu,
  response: Type.Object({
    members_omitted: Type.Optional(Type.Boolean()),
    auth_chain: pdus,
    /** The state before the join. */
    state: pdus,
    /** The join event with the resident server's signature, which restricted rooms need. */
    event: Type.Optional(pdu),
    servers_in_room: Type.Optional(Type.Array(Type.String())),
    origin: Type.Optional(Type.String()),
  }),
});
