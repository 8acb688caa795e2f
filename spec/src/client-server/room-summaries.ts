import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

export const getRoomSummary = clientEndpoint({
  operationId: 'getRoomSummary',
  method: 'GET',
  path: '/_matrix/client/v1/room_summary/:roomIdOrAlias',
  // The published document asks for the signature of a server, by mistake: it is a client's token, or none.
  auth: 'optional user',
  rateLimit: 'directory',
  params: Type.Object({ roomIdOrAlias: formats.roomIdOrAlias }),
  query: Type.Object({ via: Type.Array(formats.serverName, { maxItems: 50 }) }),
  body: nothing,
  response: formats.object,
});
