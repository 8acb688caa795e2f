import { redactEvent, sendMessage, setRoomStateWithKey } from '@holm/spec/client-server/room-sending';
import { MatrixError } from '@holm/spec/errors';
import { stickinessWanted } from '../../core/events/sticky.ts';
import { type Route, route } from '../../http/route.ts';
import type { Delays } from './delays.ts';
import type { Sending } from './sending.service.ts';
import { transactionKey } from './transactions.ts';

export const roomEventsRoutes = (sending: Sending, delays: Delays): readonly Route[] => [
  route(sendMessage, async ({ body, caller, params: { eventType, roomId, txnId }, query }) => {
    const delayMs = delayIn(query);
    const sticky = stickinessWanted(query);
    if (delayMs === undefined) {
      return { event_id: await sending.message(caller, { roomId, type: eventType, content: body, txnId, sticky }) };
    }
    // Not the name of the message that the same id would send: that one is answered by an event.
    const txn = transactionKey(caller, ['send delayed', roomId, eventType], txnId);
    const later = { type: eventType, stateKey: undefined, content: body, sticky, delayMs };
    return { delay_id: await delays.schedule({ userId: caller.userId, roomId, ...later }, txn) };
  }),

  route(setRoomStateWithKey, async ({ body, caller, params: { eventType, roomId, stateKey = '' }, query }) => {
    const { userId } = caller;
    const delayMs = delayIn(query);
    if (delayMs === undefined) {
      return { event_id: await sending.state(userId, { roomId, type: eventType, stateKey, content: body }) };
    }
    const later = { type: eventType, stateKey, content: body, sticky: undefined, delayMs };
    return { delay_id: await delays.schedule({ userId, roomId, ...later }) };
  }),

  route(redactEvent, async ({ body, caller, params: { eventId, roomId, txnId } }) => ({
    event_id: await sending.redact(caller, { roomId, redacts: eventId, reason: body.reason, txnId }),
  })),
];

interface DelayQuery {
  readonly 'org.matrix.msc4140.delay'?: number;
  readonly 'org.matrix.msc4140.parent_delay_id'?: string;
}

/** The delay that drafts of MSC4140 ask for in a query. They also had events that wait for others, which came to nothing. */
const delayIn = (query: DelayQuery): number | undefined => {
  if (query['org.matrix.msc4140.parent_delay_id'] !== undefined) {
    throw new MatrixError('M_UNRECOGNIZED', 'this server cannot have events wait for each other', { status: 400 });
  }
  return query['org.matrix.msc4140.delay'];
};
