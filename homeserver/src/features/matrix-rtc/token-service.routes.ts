import { getServiceToken, getSfu } from '@holm/spec/extensions/matrix-rtc';
import { DeviceId } from '@holm/spec/ids';
import { type Route, route } from '../../http/route.ts';
import type { CallAddresses } from './addresses.ts';
import type { Entrance } from './entrance.service.ts';

interface TokenServiceDeps {
  readonly entrance: Entrance;
  readonly addresses: () => CallAddresses;
}

/** What clients expect beside a homeserver at a `livekit_service_url`. */
export const tokenServiceRoutes = ({ entrance, addresses }: TokenServiceDeps): readonly Route[] => [
  route(getSfu, async ({ body: { room, openid_token: token, device_id: device } }) => ({
    url: addresses().sfu,
    jwt: await entrance.ofDevice({ token, roomId: room, deviceId: DeviceId.parse(device) }),
  })),

  route(getServiceToken, async ({ body: { room_id: roomId, slot_id: slotId, openid_token: token, member } }) => {
    const deviceId = DeviceId.parse(member.claimed_device_id);
    const claim = { token, roomId, deviceId, userId: member.claimed_user_id };
    return { url: addresses().sfu, jwt: await entrance.ofDraftMember(claim, { slotId, memberId: member.id }) };
  }),
];
