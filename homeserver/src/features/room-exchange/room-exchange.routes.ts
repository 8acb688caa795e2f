import { backfillRoom, getMissingPreviousEvents } from '@holm/spec/server-server/backfill';
import { getEvent, getEventAuth, getEventByTimestamp } from '@holm/spec/server-server/events';
import { getRoomState, getRoomStateIds } from '@holm/spec/server-server/state';
import type { ServerName } from '@holm/spec/ids';
import { jsonText, type Reply } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { Clock } from '../../platform/clock.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import { type RoomExchange, wireText } from './room-exchange.service.ts';
import type { StateTexts } from './state-texts.service.ts';

const DEFAULT_MISSING = 10;

const list = (events: readonly StoredEvent[]): string => `[${events.map(wireText).join(',')}]`;

export const roomExchangeRoutes = (
  { exchange, stateTexts: states }: { readonly exchange: RoomExchange; readonly stateTexts: StateTexts },
  serverName: ServerName,
  clock: Clock,
): readonly Route[] => {
  const envelope = (events: readonly StoredEvent[]): Reply =>
    jsonText(`{"origin":"${serverName}","origin_server_ts":${clock.now()},"pdus":${list(events)}}`);

  return [
    route(getEvent, async ({ origin, params }) => envelope([await exchange.event(origin, params.eventId)])),

    route(getEventAuth, async ({ origin, params }) => {
      const chain = await exchange.eventAuth(origin, params.roomId, params.eventId);
      return states.reply('', [{ name: 'auth_chain', ...chain }]);
    }),

    route(getRoomState, async ({ origin, params, query }) => {
      const { state, authChain } = await exchange.stateBefore(origin, params.roomId, query.event_id);
      return states.reply('', [
        { name: 'auth_chain', nids: authChain },
        { name: 'pdus', nids: state },
      ]);
    }),

    route(getRoomStateIds, async ({ origin, params, query }) => {
      const { state, authChain } = await exchange.stateBefore(origin, params.roomId, query.event_id);
      return { auth_chain_ids: await states.ids(authChain), pdu_ids: await states.ids(state) };
    }),

    route(getEventByTimestamp, async ({ origin, params, query: { ts: at, dir } }) => {
      const direction = dir === 'b' ? 'back' : 'forward';
      const { event } = await exchange.eventAt(origin, params.roomId, { at, direction });
      return { event_id: event.eventId, origin_server_ts: event.sentAt };
    }),

    route(backfillRoom, async ({ origin, params, query }) =>
      envelope(await exchange.backfill(origin, params.roomId, query.v, query.limit)),
    ),

    route(getMissingPreviousEvents, async ({ origin, params, body }) => {
      const {
        latest_events: latest,
        earliest_events: earliest = [],
        limit = DEFAULT_MISSING,
        min_depth: minDepth = 0,
      } = body;
      const events = await exchange.missingEvents(origin, params.roomId, { latest, earliest, limit, minDepth });
      return jsonText(`{"events":${list(events)}}`);
    }),
  ];
};
