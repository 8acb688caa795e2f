import { getMutualRooms, searchUserDirectory } from '@holm/spec/client-server/user-directory';
import { getMutualRoomsUnstable } from '@holm/spec/extensions/mutual-rooms';
import type { UserId } from '@holm/spec/ids';
import { type Route, route } from '../../http/route.ts';
import type { MutualRooms } from './mutual-rooms.service.ts';
import type { UserDirectory } from './user-directory.service.ts';

export interface UserDirectoryRoutesDeps {
  readonly people: UserDirectory;
  readonly mutualRooms: (me: UserId, other: UserId, from?: string) => Promise<MutualRooms>;
}

export const userDirectoryRoutes = ({ people, mutualRooms }: UserDirectoryRoutesDeps): readonly Route[] => [
  route(searchUserDirectory, async ({ body, caller }) => {
    const { found, limited } = await people.search(caller.userId, body.search_term, body.limit);
    const results = found.map(({ user_id, display_name: name, avatar_url: url }) => ({
      user_id,
      ...(name !== null && { display_name: name }),
      ...(url !== null && { avatar_url: url }),
    }));
    return { results, limited };
  }),

  route(getMutualRooms, ({ caller, query }) => mutualRooms(caller.userId, query.user_id, query.from)),

  route(getMutualRoomsUnstable, async ({ caller, query: { user_id: other, from, batch_token: token } }) => {
    const page = await mutualRooms(caller.userId, other, from ?? token);
    return { ...page, ...(page.next_batch !== undefined && { next_batch_token: page.next_batch }) };
  }),
];
