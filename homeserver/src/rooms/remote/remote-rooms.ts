import type { EventId, RoomId, ServerName } from '@holm/spec/ids';
import { EventId as EventIds } from '@holm/spec/ids';
import { backfillRoom, getMissingPreviousEvents } from '@holm/spec/server-server/backfill';
import { getEvent, getEventAuth, getEventByTimestamp } from '@holm/spec/server-server/events';
import { getRoomState, getRoomStateIds } from '@holm/spec/server-server/state';
import type { FederationClient } from '../../federation/client/client.ts';
import type { EventAt, MissingEvents, RemoteRooms, StateSource } from '../ingest/ports.ts';
import { stateSource } from '../ingest/state-source.ts';
import type { Moment } from '../timeline/by-time.ts';

/** Asks other servers about rooms. */
export const remoteRooms = (client: Pick<FederationClient, 'call' | 'callLarge'>): RemoteRooms => ({
  async missingEvents(server: ServerName, roomId: RoomId, { earliest, latest, limit, minDepth }: MissingEvents) {
    const body = { earliest_events: [...earliest], latest_events: [...latest], limit, min_depth: minDepth };
    return (await client.call(server, getMissingPreviousEvents, { params: { roomId }, body })).events;
  },

  async authChain(server: ServerName, roomId: RoomId, eventId: EventId) {
    return (await client.call(server, getEventAuth, { params: { roomId, eventId } })).auth_chain;
  },

  async stateIds(server: ServerName, roomId: RoomId, eventId: EventId) {
    const answer = await client.call(server, getRoomStateIds, { params: { roomId }, query: { event_id: eventId } });
    return {
      state: answer.pdu_ids.filter((id) => EventIds.is(id)),
      authChain: answer.auth_chain_ids.filter((id) => EventIds.is(id)),
    };
  },

  async state(server: ServerName, roomId: RoomId, eventId: EventId): Promise<StateSource> {
    const answer = await client.callLarge(server, getRoomState, { params: { roomId }, query: { event_id: eventId } });
    return stateSource(answer, { state: 'pdus', authChain: 'auth_chain' });
  },

  async event(server: ServerName, eventId: EventId) {
    return (await client.call(server, getEvent, { params: { eventId } })).pdus[0];
  },

  async backfill(server: ServerName, roomId: RoomId, from: readonly EventId[], limit: number) {
    return (await client.call(server, backfillRoom, { params: { roomId }, query: { v: [...from], limit } })).pdus;
  },

  async eventAt(server: ServerName, roomId: RoomId, { at, direction }: Moment): Promise<EventAt> {
    const query = { ts: at, dir: direction === 'back' ? 'b' : 'f' } as const;
    const answer = await client.call(server, getEventByTimestamp, { params: { roomId }, query });
    return { eventId: answer.event_id, sentAt: answer.origin_server_ts };
  },
});
