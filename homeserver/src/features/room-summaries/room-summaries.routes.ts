import { getRoomSummary } from '@holm/spec/client-server/room-summaries';
import { type Route, route } from '../../http/route.ts';
import type { Previews } from './previews.service.ts';

export const roomSummariesRoutes = (previews: Previews): readonly Route[] => [
  route(getRoomSummary, async ({ caller, params, query }) => ({
    ...(await previews.of(caller?.userId, params.roomIdOrAlias, query.via)),
  })),
];
