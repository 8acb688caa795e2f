import { getRoomSummary } from '../client-server/room-summaries.ts';
import { clientEndpoint } from '../endpoint.ts';

const PATH = '/_matrix/client/unstable/im.nheko.summary';

/** MSC3266 in its two spellings of before the release, where two members had names of their own, which clients still read. */
export const getRoomSummaryUnstable = clientEndpoint({
  ...getRoomSummary,
  operationId: 'getRoomSummaryUnstable',
  path: `${PATH}/summary/:roomIdOrAlias`,
  aliases: [`${PATH}/rooms/:roomIdOrAlias/summary`],
});
