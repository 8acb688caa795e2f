export { notificationsRoutes } from './notifications.routes.ts';
export { Notifications } from './notifications.service.ts';
export { type Unread, UnreadEvents } from './unread.service.ts';
export { AllUserRules } from './user-rules.service.ts';
