import { getPresence, setPresence } from '@holm/spec/client-server/presence';
import { MatrixError } from '@holm/spec/errors';
import type { Clock } from '../../platform/clock.ts';
import { type Caller, type Route, route } from '../../http/route.ts';
import type { Presence } from './presence.service.ts';
import { contentOf, OFFLINE } from './status.ts';

/** Where there is no presence, everybody is offline, and what clients say of it is taken and forgotten. */
export const presenceRoutes = (presence: Presence | undefined, clock: Clock): readonly Route[] => [
  route(setPresence, ({ body, caller, params: { userId } }) => {
    if (caller.userId !== userId) throw new MatrixError('M_FORBIDDEN', 'you can only say how you are yourself');
    const message = body.status_msg ?? '';
    if (!message.isWellFormed()) throw new MatrixError('M_INVALID_PARAM', 'status_msg has half a character in it');
    presence?.set(caller, body.presence, message === '' ? undefined : message);
    return Promise.resolve({});
  }),

  route(getPresence, async ({ caller, params: { userId } }) =>
    contentOf(presence ? await presence.of(caller.userId, userId) : OFFLINE, clock.now()),
  ),
];

/** The same routes, all of them for users; but whoever has done what they do has shown that they are there. */
export const showingActivity = (presence: Presence | undefined, routes: readonly Route[]): readonly Route[] =>
  presence === undefined ? routes : routes.map((one) => ({ ...one, handle: noting(presence, one) }));

const noting =
  (presence: Presence, { endpoint, handle }: Route): Route['handle'] =>
  async (request: { readonly caller: Caller }) => {
    const answer = await handle(request as never);
    if (endpoint.method !== 'GET') presence.act(request.caller);
    return answer;
  };
