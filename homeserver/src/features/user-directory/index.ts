export { mutualRooms } from './mutual-rooms.service.ts';
export { userDirectoryRoutes } from './user-directory.routes.ts';
export { UserDirectory } from './user-directory.service.ts';
