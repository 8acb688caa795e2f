import { upgradeRoom } from '@holm/spec/client-server/room-upgrades';
import { type Route, route } from '../../http/route.ts';
import type { RoomUpgrades } from './room-upgrades.service.ts';

export const roomUpgradesRoutes = (upgrades: RoomUpgrades): readonly Route[] => [
  route(upgradeRoom, async ({ body, caller, params: { roomId } }) => ({
    replacement_room: await upgrades.upgrade(caller.userId, roomId, {
      version: body.new_version,
      additionalCreators: body.additional_creators ?? [],
    }),
  })),
];
