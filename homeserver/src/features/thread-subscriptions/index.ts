export { threadSubscriptionsRoutes } from './thread-subscriptions.routes.ts';
export { ThreadSubscriptions } from './thread-subscriptions.service.ts';
export { threadSubscriptionsPart } from './thread-subscriptions.sync.ts';
