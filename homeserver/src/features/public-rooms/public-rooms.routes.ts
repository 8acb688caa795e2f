import {
  getPublicRooms,
  getRoomVisibilityOnDirectory,
  queryPublicRooms,
  setRoomVisibilityOnDirectory,
} from '@holm/spec/client-server/public-rooms';
import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import {
  getPublicRooms as getPublicRoomsForServer,
  queryPublicRooms as queryPublicRoomsForServer,
} from '@holm/spec/server-server/public-rooms';
import type { JsonObject } from '@holm/spec/json';
import { type Route, route } from '../../http/route.ts';
import type { FederatedDirectory } from './federated-directory.service.ts';
import type { PublicRooms, RoomsPage, RoomsQuery } from './public-rooms.service.ts';

export interface PublicRoomsRoutesDeps {
  readonly publicRooms: PublicRooms;
  readonly otherDirectories: FederatedDirectory;
  readonly serverName: ServerName;
  readonly settings: { readonly anonymous: boolean; readonly over_federation: boolean };
}

export const publicRoomsRoutes = (deps: PublicRoomsRoutesDeps): readonly Route[] => {
  const { publicRooms, otherDirectories, serverName, settings } = deps;
  const list = async (server: ServerName | undefined, query: RoomsQuery): Promise<Answer> =>
    answer(
      await (server === undefined || server === serverName
        ? publicRooms.list(query)
        : otherDirectories.list(server, query)),
    );

  return [
    route(getRoomVisibilityOnDirectory, async ({ params }) => ({
      visibility: (await publicRooms.isPublished(params.roomId)) ? ('public' as const) : ('private' as const),
    })),

    route(setRoomVisibilityOnDirectory, async ({ body, caller, params }) => {
      await publicRooms.setPublished(caller.userId, params.roomId, (body.visibility ?? 'public') === 'public');
      return {};
    }),

    route(getPublicRooms, async ({ caller, query: { server, ...query } }) => {
      if (!caller && !settings.anonymous) throw new MatrixError('M_MISSING_TOKEN', 'this server asks for a token here');
      return list(server, query);
    }),

    route(queryPublicRooms, ({ query, body }) => list(query.server, body)),
  ];
};

/** What other servers may ask. */
export const publishedRoomsRoutes = ({ publicRooms, settings }: PublicRoomsRoutesDeps): readonly Route[] => [
  route(getPublicRoomsForServer, async ({ query }) => {
    assertOpen(settings);
    return answer(await publicRooms.list(query));
  }),

  route(queryPublicRoomsForServer, async ({ body }) => {
    assertOpen(settings);
    return answer(await publicRooms.list(body));
  }),
];

type Answer = Omit<RoomsPage, 'chunk'> & { chunk: JsonObject[] };

/** A summary is an object of plain values. */
const answer = ({ chunk, ...rest }: RoomsPage): Answer => ({
  ...rest,
  chunk: chunk.map((room): JsonObject => ({ ...room })),
});

const assertOpen = ({ over_federation: isOpen }: PublicRoomsRoutesDeps['settings']): void => {
  if (!isOpen) throw new MatrixError('M_FORBIDDEN', 'this server does not show its directory to other servers');
};
