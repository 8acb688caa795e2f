import type { RoomId } from '@holm/spec/ids';
import type { News, RoomNews } from '../../streams/sync-part.ts';

/** What all parts have to tell of each room. */
export const mergeRooms = (news: readonly News[]): ReadonlyMap<RoomId, RoomNews> => {
  const merged = new Map<RoomId, RoomNews>();
  for (const { rooms = [] } of news) {
    for (const [roomId, room] of rooms) merged.set(roomId, withBoth(merged.get(roomId), room));
  }
  return merged;
};

const withBoth = (a: RoomNews | undefined, b: RoomNews): RoomNews =>
  a === undefined
    ? b
    : {
        accountData: [...(a.accountData ?? []), ...(b.accountData ?? [])],
        ephemeral: [...(a.ephemeral ?? []), ...(b.ephemeral ?? [])],
        counts: (a.counts ?? false) || (b.counts ?? false),
      };
