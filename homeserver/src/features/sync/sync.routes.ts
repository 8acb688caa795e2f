import { sync as syncEndpoint } from '@holm/spec/client-server/sync';
import type { QueryOf } from '@holm/spec/endpoint';
import { jsonText } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { Filters } from '../filters/index.ts';
import type { Sync } from './sync.service.ts';
import type { StateField } from './view.sync.ts';

export const syncRoutes = (sync: Sync, filters: Filters): readonly Route[] => [
  route(syncEndpoint, async ({ caller, query, signal }) =>
    jsonText(
      await sync.sync({
        viewer: caller,
        filter: await filters.resolve(caller.userId, query.filter),
        since: query.since === '' ? undefined : query.since,
        fullState: query.full_state ?? false,
        stateField: stateFieldOf(query),
        timeoutMs: query.timeout ?? 0,
        signal,
      }),
    ),
  ),
];

/** Whoever asks by the name that the proposal had is answered by that name. */
const stateFieldOf = (query: QueryOf<typeof syncEndpoint>): StateField => {
  if (query.use_state_after === true) return 'state_after';
  return query['org.matrix.msc4222.use_state_after'] === true ? 'org.matrix.msc4222.state_after' : 'state';
};
