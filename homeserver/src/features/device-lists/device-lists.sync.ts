import type { KeyCounts, SyncPart } from '../../streams/sync-part.ts';
import type { DeviceLists } from './device-lists.service.ts';
import type { ListNews } from './list-news.service.ts';

export interface DeviceListsPartDeps {
  readonly lists: DeviceLists;
  readonly news: ListNews;
  readonly keyCounts: (reader: Parameters<NonNullable<SyncPart['keyCounts']>>[0]) => Promise<KeyCounts>;
}

/** Device lists as a part of what clients follow. To whoever begins to follow, they are no news: clients ask. */
export const deviceListsPart = ({ lists, news, keyCounts }: DeviceListsPartDeps): SyncPart => ({
  stream: lists.stream,
  watchesRooms: true,
  isOfDevice: true,
  mayHaveNews: (reader, after) =>
    lists.haveCountsChanged(reader, after) ||
    news.mayHave(reader.userId, reader.rooms(), { lists: after, timeline: reader.timeline.after }),
  async news(reader, range) {
    const { userId, rooms, timeline } = reader;
    if (timeline.after === 0) return {};
    const haveCounts = lists.haveCountsChanged(reader, range.after);
    const deviceLists = await news.of({ userId, rooms: [...rooms()], lists: range, timeline });
    return { deviceLists, ...(haveCounts && { keyCounts: true as const }) };
  },
  keyCounts,
});
