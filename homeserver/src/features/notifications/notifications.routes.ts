import { getNotifications } from '@holm/spec/client-server/notifications';
import { jsonText } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { Notifications } from './notifications.service.ts';

export const notificationsRoutes = (notifications: Notifications): readonly Route[] => [
  route(getNotifications, async ({ caller, query }) => jsonText(await notifications.of(caller, query))),
];
