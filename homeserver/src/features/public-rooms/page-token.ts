import { MatrixError } from '@holm/spec/errors';
import { RoomId } from '@holm/spec/ids';

/** A room's place in the order of the directory. */
export interface Place {
  readonly joined: number;
  readonly roomId: RoomId;
}

/** Where a page of the directory begins. Clients and servers give it back as it was. */
export interface From {
  readonly direction: 'forward' | 'back';
  readonly after: Place | undefined;
}

const VERSION = 1;

export const printFrom = (direction: From['direction'], { joined, roomId }: Place): string =>
  Buffer.from(JSON.stringify([VERSION, direction, joined, roomId])).toString('base64url');

/** M_INVALID_PARAM for what is no token of ours. */
export const readFrom = (token: string | undefined): From => {
  if (token === undefined || token === '') return { direction: 'forward', after: undefined };
  const parts = partsOf(token);
  if (parts?.[0] === VERSION) {
    const [, direction, joined, roomId] = parts;
    const isDirection = direction === 'forward' || direction === 'back';
    if (isDirection && isCount(joined) && RoomId.is(roomId)) return { direction, after: { joined, roomId } };
  }
  throw new MatrixError('M_INVALID_PARAM', 'since is no token of this server');
};

const MAX_COUNT = 2 ** 31;

const isCount = (value: unknown): value is number => Number.isInteger(value) && Math.abs(value as number) < MAX_COUNT;

const partsOf = (token: string): readonly unknown[] | undefined => {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parts) ? parts : undefined;
  } catch {
    return undefined; // no JSON: not one of ours
  }
};
