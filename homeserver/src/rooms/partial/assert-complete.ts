import { MatrixError } from '@holm/spec/errors';
import type { Room } from '../room.ts';
import type { PartialRooms } from './partial-rooms.ts';

/** Other servers are better told by somebody else while we do not know all of a room (MSC3895). */
export const assertComplete = (partial: Pick<PartialRooms, 'get'>, room: Room): void => {
  if (!partial.get(room.nid)) return;
  throw new MatrixError(
    'ORG.MATRIX.MSC3895_UNABLE_DUE_TO_PARTIAL_STATE',
    'this server has just joined the room and does not know all of it yet',
    { status: 404 },
  );
};
