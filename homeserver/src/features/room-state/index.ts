export { roomStateRoutes } from './room-state.routes.ts';
export { RoomState } from './room-state.service.ts';
