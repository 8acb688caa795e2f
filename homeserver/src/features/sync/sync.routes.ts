import { sync as syncEndpoint } from '@holm/spec/client-server/sync';
import { Later } from '../../http/later.ts';
import { jsonText } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { Filters } from '../filters/index.ts';
import { LONGEST_POLL_MS } from './open-polls.ts';
import { Poll } from './poll.service.ts';
import type { Answer } from './responses.sync.ts';
import type { Sync } from './sync.service.ts';
import { stateFieldOf } from './view.sync.ts';

export const syncRoutes = (sync: Sync, filters: Filters): readonly Route[] => [
  route(syncEndpoint, async (request) => {
    const { caller, query } = request;
    const filter = filters.resolve(caller.userId, query.filter);
    const wish = {
      viewer: caller,
      filter: filter instanceof Promise ? await filter : filter,
      since: query.since === '' ? undefined : query.since,
      fullState: query.full_state ?? false,
      stateField: stateFieldOf(query),
      timeoutMs: Math.min(query.timeout ?? 0, LONGEST_POLL_MS),
      setPresence: query.set_presence,
    };
    const begun = await sync.begin(wish, () => request.isHungUp);
    return begun instanceof Poll ? Later.from(begun, replyOf) : replyOf(begun);
  }),
];

const replyOf = ({ text }: Answer) => jsonText(text);
