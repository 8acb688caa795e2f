import { deleteRoomAlias, getLocalAliases, getRoomIdByAlias, setRoomAlias } from '@holm/spec/client-server/aliases';
import { queryRoomDirectory } from '@holm/spec/server-server/queries';
import { type Route, route } from '../../http/route.ts';
import type { Aliases, ResolvedAlias } from './aliases.service.ts';

export const aliasesRoutes = (aliases: Aliases): readonly Route[] => [
  route(getRoomIdByAlias, async ({ params }) => toClient(await aliases.resolve(params.roomAlias))),

  route(setRoomAlias, async ({ body, caller, params }) => {
    await aliases.create(caller.userId, params.roomAlias, body.room_id);
    return {};
  }),

  route(deleteRoomAlias, async ({ caller, params }) => {
    await aliases.remove(caller.userId, params.roomAlias);
    return {};
  }),

  route(getLocalAliases, async ({ caller, params }) => ({
    aliases: await aliases.listedFor(caller.userId, params.roomId),
  })),

  route(queryRoomDirectory, async ({ query }) => toClient(await aliases.resolveLocal(query.room_alias))),
];

const toClient = ({ roomId, servers }: ResolvedAlias) => ({ room_id: roomId, servers: [...servers] });
