export type { Wish } from './first-events.ts';
export { firstPowerLevels } from './power-levels.ts';
export { roomCreationRoutes } from './room-creation.routes.ts';
export { type NewAliases, RoomCreation, type RoomCreationDeps } from './room-creation.service.ts';
