import type { RoomId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { IgnoredBy } from '../../rooms/timeline/readers.ts';
import type { Position } from '../../streams/stream.ts';
import type { RoomNews, SyncPart } from '../../streams/sync-part.ts';
import { toContents } from './receipt.ts';
import type { Receipts } from './receipts.service.ts';

interface RoomNames {
  byNids(nids: readonly RoomNid[]): Promise<ReadonlyMap<RoomNid, { readonly roomId: RoomId }>>;
}

/** Receipts as a part of what clients follow: but for those of whom a reader does not want to hear. */
export const receiptsPart = (receipts: Receipts, rooms: RoomNames, ignoredBy: IgnoredBy): SyncPart => ({
  stream: receipts.stream,
  mayHaveNews: (reader, after: Position) => receipts.mayHaveChanged(reader.rooms(), after),
  async news(reader, range) {
    const changes = await receipts.changes(reader.userId, reader.rooms(), range);
    const ignored = await ignoredBy(reader.userId);
    const told = changes.filter(({ userId }) => !ignored.has(userId));
    const byRoom = Map.groupBy(told, ({ roomNid }) => roomNid);
    const names = await rooms.byNids([...byRoom.keys()]);
    const news = new Map<RoomId, RoomNews>();
    for (const [nid, ofRoom] of byRoom) {
      const ephemeral = toContents(ofRoom).map((content) => ({ type: 'm.receipt', content }));
      const room = names.get(nid);
      const counts = ofRoom.some(({ userId }) => userId === reader.userId);
      if (room) news.set(room.roomId, { ephemeral, counts });
    }
    return { rooms: news };
  },
});
