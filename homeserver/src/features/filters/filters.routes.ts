import { defineFilter, getFilter } from '@holm/spec/client-server/filters';
import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { json } from '../../http/reply.ts';
import { type Caller, type Route, route } from '../../http/route.ts';
import type { Filters } from './filters.service.ts';

export const filtersRoutes = (filters: Filters): readonly Route[] => [
  route(defineFilter, async ({ body, caller, params }) => {
    assertOwn(caller, params.userId);
    return { filter_id: await filters.define(params.userId, body) };
  }),

  route(getFilter, async ({ caller, params }) => {
    assertOwn(caller, params.userId);
    return json(200, await filters.get(params.userId, params.filterId));
  }),
];

const assertOwn = (caller: Caller, userId: UserId): void => {
  if (caller.userId !== userId) throw new MatrixError('M_FORBIDDEN', 'these are the filters of somebody else');
};
