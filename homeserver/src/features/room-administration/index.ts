export { roomAdministrationRoutes } from './room-administration.routes.ts';
export { RoomAdministration, type RoomAdministrationDeps } from './room-administration.service.ts';
