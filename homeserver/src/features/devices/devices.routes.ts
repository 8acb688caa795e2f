import {
  deleteDevice,
  deleteDevices,
  getDevice,
  getDevices,
  updateDevice,
} from '@holm/spec/client-server/device-management';
import { type Route, route } from '../../http/route.ts';
import type { Device } from '../accounts/index.ts';
import type { Devices } from './devices.service.ts';

export const devicesRoutes = (devices: Devices): readonly Route[] => [
  route(getDevices, async ({ caller }) => ({ devices: (await devices.of(caller.userId)).map(toClient) })),

  route(getDevice, async ({ caller, params }) => toClient(await devices.get(caller.userId, params.deviceId))),

  route(updateDevice, async ({ body, caller, params }) => {
    await devices.rename(caller.userId, params.deviceId, body.display_name);
    return {};
  }),

  route(deleteDevice, async ({ body, caller, params }) => {
    await devices.remove(caller, [params.deviceId], body.auth);
    return {};
  }),

  route(deleteDevices, async ({ body, caller }) => {
    await devices.remove(caller, body.devices, body.auth);
    return {};
  }),
];

const toClient = ({ deviceId, displayName, lastSeenAt, lastSeenIp }: Device) => ({
  device_id: deviceId,
  ...(displayName !== null && { display_name: displayName }),
  ...(lastSeenIp !== null && { last_seen_ip: lastSeenIp }),
  ...(lastSeenAt !== null && { last_seen_ts: lastSeenAt }),
});
