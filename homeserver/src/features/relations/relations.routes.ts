import {
  getRelatingEvents,
  getRelatingEventsWithRelType,
  getRelatingEventsWithRelTypeAndEventType,
  getThreadRoots,
} from '@holm/spec/client-server/relations';
import { jsonText } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { QueryOf } from '@holm/spec/endpoint';
import type { Relations, RelationsQuery } from './relations.service.ts';
import type { Threads } from './threads.service.ts';

interface Services {
  readonly relations: Relations;
  readonly threads: Threads;
}

export const relationsRoutes = ({ relations, threads }: Services): readonly Route[] => [
  route(getRelatingEvents, async ({ caller, params, query }) =>
    jsonText(await relations.of(caller, params, asked(query))),
  ),

  route(getRelatingEventsWithRelType, async ({ caller, params, query }) =>
    jsonText(await relations.of(caller, params, asked(query))),
  ),

  route(getRelatingEventsWithRelTypeAndEventType, async ({ caller, params, query }) =>
    jsonText(await relations.of(caller, params, asked(query))),
  ),

  route(getThreadRoots, async ({ caller, params, query }) => jsonText(await threads.of(caller, params.roomId, query))),
];

type Asked = QueryOf<typeof getRelatingEvents>;

const asked = ({ 'org.matrix.msc3981.recurse': unstable, ...query }: Asked): RelationsQuery => ({
  ...query,
  recurse: query.recurse ?? unstable,
});
