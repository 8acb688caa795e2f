export { Dates } from './dates.service.ts';
export { roomHistoryRoutes } from './room-history.routes.ts';
export { RoomHistory, type RoomHistoryDeps } from './room-history.service.ts';
export type { Backfill } from './walk.ts';
export type { Administrators } from './unredacted.ts';
