import { sendToDevice } from '@holm/spec/client-server/send-to-device';
import { type Route, route } from '../../http/route.ts';
import type { ToDevice } from './to-device.service.ts';

export const toDeviceRoutes = (toDevice: ToDevice): readonly Route[] => [
  route(sendToDevice, async ({ body, caller, params: { eventType: type, txnId } }) => {
    await toDevice.send(caller, { type, txnId, messages: body.messages });
    return {};
  }),
];
