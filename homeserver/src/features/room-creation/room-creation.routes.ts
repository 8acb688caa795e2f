import { createRoom } from '@holm/spec/client-server/room-creation';
import { type Route, route } from '../../http/route.ts';
import type { RoomCreation } from './room-creation.service.ts';

export const roomCreationRoutes = (creation: RoomCreation): readonly Route[] => [
  route(createRoom, async ({ body, caller }) => ({ room_id: await creation.create(caller.userId, body) })),
];
