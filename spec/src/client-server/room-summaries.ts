import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';

const UNSTABLE = '/_matrix/client/unstable/im.nheko.summary';

export const getRoomSummary = clientEndpoint({
  operationId: 'getRoomSummary',
  method: 'GET',
  path: '/_matrix/client/v1/room_summary/:roomIdOrAlias',
  // MSC3266: two spellings that clients still ask for.
  aliases: [`${UNSTABLE}/summary/:roomIdOrAlias`, `${UNSTABLE}/rooms/:roomIdOrAlias/summary`],
  // The published document asks for the signature of a server, by mistake: it is a client's token, or none.
  auth: 'optional user',
  rateLimit: 'directory',
  params: Type.Object({ roomIdOrAlias: formats.roomIdOrAlias }),
  query: Type.Object({ via: Type.Array(formats.serverName, { maxItems: 50 }) }),
  body: nothing,
  response: formats.object,
});
