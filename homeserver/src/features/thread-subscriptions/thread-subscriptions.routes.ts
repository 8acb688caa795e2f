import {
  getThreadSubscription,
  getThreadSubscriptions,
  subscribeToThread,
  unsubscribeFromThread,
} from '@holm/spec/extensions/thread-subscriptions';
import { json } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { Position } from '../../streams/stream.ts';
import { toContent } from './subscription.ts';
import type { ThreadSubscriptions } from './thread-subscriptions.service.ts';

const LIMIT = 100;
const START = 0 as Position;

/** `placeIn`: what a token, also one of sliding sync, says of the stream of subscriptions. */
export const threadSubscriptionsRoutes = (
  threads: ThreadSubscriptions,
  placeIn: (token: string) => Position,
): readonly Route[] => [
  route(subscribeToThread, async ({ caller, params, body: { automatic } }) => {
    const cause = automatic === false ? undefined : automatic;
    await threads.subscribe(caller.userId, { roomId: params.roomId, root: params.eventId }, cause);
    return {};
  }),

  route(unsubscribeFromThread, async ({ caller, params }) => {
    await threads.unsubscribe(caller.userId, { roomId: params.roomId, root: params.eventId });
    return {};
  }),

  route(getThreadSubscription, ({ caller, params }) =>
    threads.get(caller.userId, { roomId: params.roomId, root: params.eventId }),
  ),

  route(getThreadSubscriptions, async ({ caller, query: { from, to, limit = LIMIT } }) => {
    const range = {
      after: to === undefined ? START : placeIn(to),
      upTo: from === undefined ? threads.stream.settled : placeIn(from),
    };
    const { changed, more } = await threads.changes(caller.userId, range, Math.min(limit, LIMIT));
    return json(200, { ...toContent(changed), ...(more !== undefined && { end: more }) });
  }),
];
