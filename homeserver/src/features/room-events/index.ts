export type { KnownAliases } from './aliases-check.ts';
export type { Delays, Later } from './delays.ts';
export { roomEventsRoutes } from './room-events.routes.ts';
export { Sending, type SendingDeps } from './sending.service.ts';
export { transactionKey, Transactions } from './transactions.ts';
