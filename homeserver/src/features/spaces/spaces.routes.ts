import { getSpaceHierarchy } from '@holm/spec/client-server/spaces';
import { getSpaceHierarchy as getSpaceHierarchyForServer } from '@holm/spec/server-server/spaces';
import type { Json, JsonObject } from '@holm/spec/json';
import { type Route, route } from '../../http/route.ts';
import type { SpaceChild } from '../room-summaries/index.ts';
import type { Hierarchy, HierarchyRoom } from './hierarchy.service.ts';
import type { ServedHierarchies } from './served-hierarchy.service.ts';

export const spacesRoutes = (hierarchy: Hierarchy): readonly Route[] => [
  route(getSpaceHierarchy, async ({ caller, params, query }) => {
    const { rooms, next_batch } = await hierarchy.page(caller.userId, params.roomId, query);
    return { rooms: rooms.map(withChildren), ...(next_batch !== undefined && { next_batch }) };
  }),
];

/** What other servers may ask. */
export const servedSpacesRoutes = (served: ServedHierarchies): readonly Route[] => [
  route(getSpaceHierarchyForServer, async ({ origin, params, query }) => {
    const { room, children, inaccessible } = await served.of(origin, params.roomId, query.suggested_only ?? false);
    return {
      room: withChildren(room),
      children: children.map((child): JsonObject => ({ ...child })),
      inaccessible_children: inaccessible.map((id): Json => id),
    };
  }),
];

const withChildren = ({ children_state: children, ...summary }: HierarchyRoom): JsonObject => ({
  ...summary,
  children_state: children.map((child: SpaceChild): JsonObject => ({ ...child })),
});
