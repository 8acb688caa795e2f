import type { EventId, RoomId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';

/** What became of following one thread. */
export interface ThreadChange {
  readonly roomId: RoomId;
  readonly root: EventId;
  /** Whether a client did it by itself; absent for a thread that is not followed any more. */
  readonly automatic: boolean | undefined;
  /** Greater than for anything that was so of this thread before. */
  readonly bumpStamp: number;
}

/** https://github.com/matrix-org/matrix-spec-proposals/pull/4308 */
export const toContent = (changes: readonly ThreadChange[]): JsonObject => {
  const [followed, left] = [changes.filter(isFollowed), changes.filter((change) => !isFollowed(change))];
  return {
    ...(followed.length > 0 && { subscribed: byRoom(followed) }),
    ...(left.length > 0 && { unsubscribed: byRoom(left) }),
  };
};

const isFollowed = ({ automatic }: ThreadChange): boolean => automatic !== undefined;

const byRoom = (changes: readonly ThreadChange[]): JsonObject =>
  Object.fromEntries(
    [...Map.groupBy(changes, ({ roomId }) => roomId)].map(([roomId, ofRoom]) => [
      roomId,
      Object.fromEntries(ofRoom.map(({ root, automatic, bumpStamp }) => [root, entry(automatic, bumpStamp)])),
    ]),
  );

const entry = (automatic: boolean | undefined, bumpStamp: number): JsonObject => ({
  ...(automatic !== undefined && { automatic }),
  bump_stamp: bumpStamp,
});
