import { Type } from '@sinclair/typebox';
import { serverEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { publicRoomsFilter } from '../public-rooms.ts';

const limit = Type.Optional(Type.Integer({ minimum: 0 }));
const since = Type.Optional(Type.String());
const path = '/_matrix/federation/v1/publicRooms';

/** What rooms there are is read leniently: one bad entry does not cost the rest. */
const response = Type.Object({
  chunk: Type.Array(formats.json),
  next_batch: Type.Optional(Type.String()),
  prev_batch: Type.Optional(Type.String()),
  total_room_count_estimate: Type.Optional(Type.Number()),
});

export const getPublicRooms = serverEndpoint({
  operationId: 'getPublicRooms',
  method: 'GET',
  path,
  auth: 'server',
  params: nothing,
  query: Type.Object({
    limit,
    since,
    include_all_networks: publicRoomsFilter.include_all_networks,
    third_party_instance_id: publicRoomsFilter.third_party_instance_id,
  }),
  body: nothing,
  response,
});

export const queryPublicRooms = serverEndpoint({
  operationId: 'queryPublicRooms',
  method: 'POST',
  path,
  auth: 'server',
  params: nothing,
  query: nothing,
  body: Type.Object({ limit, since, ...publicRoomsFilter }),
  response,
});
