import {
  getRelatingEvents,
  getRelatingEventsWithRelType,
  getRelatingEventsWithRelTypeAndEventType,
  getThreadRoots,
} from '@holm/spec/client-server/relations';
import { jsonText } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { Relations } from './relations.service.ts';
import type { Threads } from './threads.service.ts';

interface Services {
  readonly relations: Relations;
  readonly threads: Threads;
}

export const relationsRoutes = ({ relations, threads }: Services): readonly Route[] => [
  route(getRelatingEvents, async ({ caller, params, query }) => jsonText(await relations.of(caller, params, query))),

  route(getRelatingEventsWithRelType, async ({ caller, params, query }) =>
    jsonText(await relations.of(caller, params, query)),
  ),

  route(getRelatingEventsWithRelTypeAndEventType, async ({ caller, params, query }) =>
    jsonText(await relations.of(caller, params, query)),
  ),

  route(getThreadRoots, async ({ caller, params, query }) => jsonText(await threads.of(caller, params.roomId, query))),
];
