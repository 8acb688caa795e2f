import { MatrixError } from '@holm/spec/errors';
import { delegateToService, getServiceToken, getSfu } from '@holm/spec/extensions/matrix-rtc';
import { DeviceId, type RoomId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import { type Route, route } from '../../http/route.ts';
import type { Delegation } from './delegation.ts';
import type { Delegations } from './delegations.service.ts';
import type { Entrance } from './entrance.service.ts';
import { ROOM_SLOT } from './names.ts';
import type { Claim } from './open-id-proofs.service.ts';

interface TokenServiceDeps {
  readonly serverName: ServerName;
  readonly entrance: Entrance;
  readonly delegations: Pick<Delegations, 'delegate'>;
}

/**
 * What clients expect beside a homeserver at a `livekit_service_url`. With the address of a homeserver and the delay,
 * which come with a leave to be delegated, nothing is done: it is this server's, or it is not taken.
 */
export const tokenServiceRoutes = ({ serverName, entrance, delegations }: TokenServiceDeps): readonly Route[] => {
  const isOurs = (userId: UserId): boolean => serverOf(userId) === serverName;
  /** Clients that are told M_BAD_JSON ask again without it. */
  const delegateIfAsked = async (leave: Omit<Delegation, 'delayId'>, delayId = ''): Promise<void> => {
    if (delayId === '') return;
    if (!isOurs(leave.userId))
      throw new MatrixError('M_BAD_JSON', 'leaves of users of other servers are not sent here');
    await delegations.delegate({ ...leave, delayId }, 'M_BAD_JSON');
  };
  return [
    route(getSfu, async ({ body }) => {
      const { room: roomId, openid_token: token, delay_id: delayId } = body;
      const deviceId = DeviceId.parse(body.device_id);
      const { member, url, jwt } = await entrance.ofDevice({ token, roomId, deviceId });
      const { userId } = member;
      await delegateIfAsked({ userId, deviceId, roomId, slotId: ROOM_SLOT, memberId: deviceId }, delayId);
      return { url, jwt };
    }),

    route(getServiceToken, async ({ body }) => {
      const slot = { slotId: body.slot_id, memberId: body.member.id };
      const claim = claimOf(body);
      const { roomId, deviceId } = claim;
      const { member, url, jwt } = await entrance.ofDraftMember(claim, slot);
      await delegateIfAsked({ userId: member.userId, deviceId, roomId, ...slot }, body.delay_id);
      return { url, jwt };
    }),

    route(delegateToService, async ({ body }) => {
      const claim = claimOf(body);
      const { roomId, deviceId } = claim;
      const { userId } = await entrance.verify(claim);
      if (!isOurs(userId)) throw new MatrixError('M_FORBIDDEN', 'leaves of users of other servers are not sent here');
      const slot = { slotId: body.slot_id, memberId: body.member.id };
      await delegations.delegate({ userId, deviceId, roomId, ...slot, delayId: body.delay_id });
      return {};
    }),
  ];
};

interface Claiming {
  readonly room_id: RoomId;
  readonly openid_token: Claim['token'];
  readonly member: { readonly claimed_user_id: UserId; readonly claimed_device_id: string };
}

const claimOf = ({ room_id: roomId, openid_token: token, member }: Claiming) => ({
  token,
  roomId,
  userId: member.claimed_user_id,
  deviceId: DeviceId.parse(member.claimed_device_id),
});
