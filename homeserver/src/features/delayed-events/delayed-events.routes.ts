import {
  getDelayedEvent,
  getDelayedEventsUnstable,
  getDelayedEventUnstable,
  manageDelayedEvent,
  manageDelayedEventByBody,
  scheduleDelayedEvent,
  scheduleDelayedEventUnstable,
} from '@holm/spec/extensions/delayed-events';
import { MatrixError } from '@holm/spec/errors';
import type { RoomId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { stickinessWanted } from '../../core/events/sticky.ts';
import { type Caller, type Route, route } from '../../http/route.ts';
import { type Delays, transactionKey } from '../room-events/index.ts';
import { assertDelay, tooLarge, tooLargeForQuery, tooLargeUnstable } from './delay-query.ts';
import { overToDrafts, type Place, toldAs, toldToDrafts } from './delayed-event.ts';
import type { DelayedEvents } from './delayed-events.service.ts';

export const delayedEventsRoutes = (delayed: DelayedEvents): readonly Route[] => [
  route(scheduleDelayedEvent, async ({ caller, params, query, body }) => {
    assertDelay(body.delay_ms, delayed.limits, tooLarge);
    return schedule(delayed, { caller, params, body, delayMs: body.delay_ms, sticky: stickinessWanted(query) });
  }),

  route(scheduleDelayedEventUnstable, async ({ caller, params, query, body }) => {
    const delayMs = body.delay_ms ?? body.delay;
    if (delayMs === undefined) throw new MatrixError('M_BAD_JSON', 'delay_ms is missing');
    assertDelay(delayMs, delayed.limits, tooLargeUnstable);
    return schedule(delayed, { caller, params, body, delayMs, sticky: stickinessWanted(query) });
  }),

  route(manageDelayedEvent, async ({ params: { delayId, action } }) => {
    await delayed.act(delayId, action);
    return {};
  }),

  route(manageDelayedEventByBody, async ({ params: { delayId }, body: { action } }) => {
    await delayed.act(delayId, action);
    return {};
  }),

  route(getDelayedEvent, async ({ caller, params: { delayId } }) =>
    toldAs(await delayed.ofUser(caller.userId, delayId)),
  ),

  route(getDelayedEventUnstable, async ({ caller, params: { delayId } }) =>
    toldToDrafts(await delayed.ofUser(caller.userId, delayId)),
  ),

  route(getDelayedEventsUnstable, async ({ caller, query: { status, from } }) => {
    // Before there was a choice, the list was of what is scheduled; `status` came with the list of what is over.
    const isOver = status === undefined ? undefined : status === 'finalised';
    const { events, next } = await delayed.list(caller.userId, isOver, from === undefined ? undefined : placeOf(from));
    const scheduled = events.filter(({ finalised }) => !finalised).map(toldToDrafts);
    return {
      delayed_events: scheduled,
      scheduled,
      finalised: events.flatMap((event) => (event.finalised ? [overToDrafts(event, event.finalised)] : [])),
      ...(next && { next_batch: `${next.due}_${next.delayId}` }),
    };
  }),
];

const placeOf = (token: string): Place => {
  const [, due, delayId] = /^(\d{1,16})_([\w-]{1,64})$/.exec(token) ?? [];
  if (due === undefined || delayId === undefined) throw new MatrixError('M_INVALID_PARAM', 'from is no token of ours');
  return { due: Number(due), delayId };
};

interface Asked {
  readonly caller: Caller;
  readonly params: { readonly roomId: RoomId; readonly eventType: string; readonly txnId: string };
  readonly body: { readonly state_key?: string; readonly content: JsonObject };
  readonly delayMs: number;
  readonly sticky: ReturnType<typeof stickinessWanted>;
}

const schedule = async (delayed: DelayedEvents, { caller, params, body, delayMs, sticky }: Asked) => {
  const { roomId, eventType, txnId } = params;
  const txn = transactionKey(caller, ['delayed_event', roomId, eventType], txnId);
  const { content, state_key: stateKey } = body;
  const later = { userId: caller.userId, roomId, type: eventType, stateKey, content, sticky, delayMs };
  return { delay_id: await delayed.schedule(later, txn) };
};

/** What `/send` and `/state` do when they are asked to delay. */
export const delaysByQuery = (delayed: DelayedEvents): Delays => ({
  schedule(later, txn) {
    assertDelay(later.delayMs, delayed.limits, tooLargeForQuery);
    return delayed.schedule(later, txn);
  },
});
