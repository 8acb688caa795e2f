import { MatrixError } from '@holm/spec/errors';
import { localpartOf, RoomId, type UserId } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import { userDirectoryStore as store } from './user-directory.store.ts';

export interface MutualRooms {
  readonly joined: RoomId[];
  readonly count: number;
  readonly next_batch?: string;
}

const PAGE = 100;
// https://spec.matrix.org/latest/appendices/#historical-user-ids
const COMPLIANT = /^[\x21-\x39\x3b-\x7e]+$/;

/** The rooms that somebody shares with another: https://spec.matrix.org/latest/client-server-api/#mutual-rooms */
export const mutualRooms = async (db: Database, me: UserId, other: UserId, from?: string): Promise<MutualRooms> => {
  if (me === other) throw new MatrixError('M_INVALID_PARAM', 'you share all your rooms with yourself');
  if (!COMPLIANT.test(localpartOf(other))) throw new MatrixError('M_INVALID_PARAM', 'this is no user id of today');
  const after = from === undefined ? '' : readFrom(from);
  const rooms = await store.mutual(db, me, other);
  // Bytes, as the database orders them.
  const rest = rooms.filter((roomId) => Buffer.compare(Buffer.from(roomId), Buffer.from(after)) > 0);
  const last = rest[PAGE - 1];
  return {
    joined: rest.slice(0, PAGE),
    count: rooms.length,
    ...(rest.length > PAGE && last !== undefined && { next_batch: Buffer.from(last).toString('base64url') }),
  };
};

const readFrom = (token: string): RoomId => {
  const roomId = Buffer.from(token, 'base64url').toString();
  if (RoomId.is(roomId) && Buffer.from(roomId).toString('base64url') === token) return roomId;
  throw new MatrixError('M_INVALID_PARAM', 'from is no token of this server');
};
