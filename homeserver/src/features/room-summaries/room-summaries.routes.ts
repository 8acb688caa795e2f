import { getRoomSummary } from '@holm/spec/client-server/room-summaries';
import { getRoomSummaryUnstable } from '@holm/spec/extensions/room-summaries';
import type { JsonObject } from '@holm/spec/json';
import { type Route, route } from '../../http/route.ts';
import type { Preview, Previews } from './previews.service.ts';

export const roomSummariesRoutes = (previews: Previews): readonly Route[] => [
  route(getRoomSummary, async ({ caller, params, query }) => ({
    ...(await previews.of(caller?.userId, params.roomIdOrAlias, query.via)),
  })),

  route(getRoomSummaryUnstable, async ({ caller, params, query }) =>
    withFormerNames(await previews.of(caller?.userId, params.roomIdOrAlias, query.via)),
  ),
];

const withFormerNames = (preview: Preview): JsonObject => {
  const { encryption, room_version: version } = preview;
  return {
    ...preview,
    ...(encryption !== undefined && { 'im.nheko.summary.encryption': encryption }),
    ...(version !== undefined && { 'im.nheko.summary.room_version': version }),
  };
};
