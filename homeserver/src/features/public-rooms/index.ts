export { FederatedDirectory } from './federated-directory.service.ts';
export { publicRoomsRoutes, publishedRoomsRoutes } from './public-rooms.routes.ts';
export { PublicRooms } from './public-rooms.service.ts';
