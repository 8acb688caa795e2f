import {
  ban,
  forgetRoom,
  getJoinedRooms,
  inviteUser,
  joinRoom,
  joinRoomById,
  kick,
  knockRoom,
  leaveRoom,
  unban,
} from '@holm/spec/client-server/membership';
import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import { type Route, route } from '../../http/route.ts';
import type { InvitesToAddresses } from './ports.ts';
import type { Entering } from './entering.service.ts';
import type { Membership } from './membership.service.ts';

interface Services {
  readonly entering: Entering;
  readonly membership: Membership;
  readonly addresses: InvitesToAddresses;
}

export const membershipRoutes = ({ entering, membership, addresses }: Services): readonly Route[] => [
  route(joinRoomById, async ({ body, caller, params: { roomId } }) => {
    if (body.third_party_signed) await addresses.redeem(caller.userId, roomId, body.third_party_signed);
    await entering.join(caller.userId, { roomId, via: [] }, body.reason);
    return { room_id: roomId };
  }),

  route(joinRoom, async ({ body, caller, params, query }) => {
    const door = await entering.find(params.roomIdOrAlias, servers(query));
    if (body.third_party_signed) await addresses.redeem(caller.userId, door.roomId, body.third_party_signed);
    await entering.join(caller.userId, door, body.reason);
    return { room_id: door.roomId };
  }),

  route(knockRoom, async ({ body, caller, params, query }) => {
    const door = await entering.find(params.roomIdOrAlias, servers(query));
    await entering.knock(caller.userId, door, body.reason);
    return { room_id: door.roomId };
  }),

  route(leaveRoom, async ({ body, caller, params }) => {
    await membership.leave(caller.userId, params.roomId, body.reason);
    return {};
  }),

  route(forgetRoom, async ({ caller, params }) => {
    await membership.forget(caller.userId, params.roomId);
    return {};
  }),

  route(inviteUser, async ({ body, caller, params: { roomId } }) => {
    const { reason, user_id: target, ...address } = body;
    if (target === undefined) {
      if (address.medium === undefined && address.address === undefined) throw missingUser();
      await addresses.invite(roomId, caller.userId, address);
      return {};
    }
    await membership.invite({ roomId, sender: caller.userId, target, reason });
    return {};
  }),

  ...(
    [
      [kick, 'kick'],
      [ban, 'ban'],
      [unban, 'unban'],
    ] as const
  ).map(([endpoint, act]) =>
    route(endpoint, async ({ body: { reason, user_id: target }, caller, params: { roomId } }) => {
      await membership[act]({ roomId, sender: caller.userId, target, reason });
      return {};
    }),
  ),

  route(getJoinedRooms, async ({ caller }) => ({ joined_rooms: await membership.joinedRooms(caller.userId) })),
];

const servers = (query: { via?: ServerName[]; server_name?: ServerName[] }): readonly ServerName[] => [
  ...(query.via ?? []),
  ...(query.server_name ?? []),
];

const missingUser = () => new MatrixError('M_MISSING_PARAM', 'user_id: whom to invite');
