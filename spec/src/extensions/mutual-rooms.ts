import { Type } from '@sinclair/typebox';
import { getMutualRooms } from '../client-server/user-directory.ts';
import { clientEndpoint } from '../endpoint.ts';
import { formats } from '../formats.ts';

/**
 * MSC2666, as clients of its drafts ask: pages go on with a `batch_token`. Under this path some ask as in the release, too.
 * https://github.com/matrix-org/matrix-spec-proposals/pull/2666
 */
export const getMutualRoomsUnstable = clientEndpoint({
  ...getMutualRooms,
  operationId: 'getMutualRoomsUnstable',
  path: '/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms',
  query: Type.Object({
    user_id: formats.userId,
    from: Type.Optional(Type.String()),
    batch_token: Type.Optional(Type.String()),
  }),
  response: Type.Object({
    joined: Type.Array(formats.roomId),
    count: Type.Integer(),
    next_batch: Type.Optional(Type.String()),
    next_batch_token: Type.Optional(Type.String()),
  }),
});
