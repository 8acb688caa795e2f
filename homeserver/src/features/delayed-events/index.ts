export type { DelayLimits } from './delayed-event.ts';
export { delayedEventsRoutes, delaysByQuery } from './delayed-events.routes.ts';
export { DelayedEvents, type DelayedEventsDeps } from './delayed-events.service.ts';
export { DueEvents } from './due.service.ts';
