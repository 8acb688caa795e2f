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
  mayHaveNews: ({ userId, rooms, timeline }, after) =>
    news.mayHave(userId, rooms(), { lists: after, timeline: timeline.after }),
  async news({ userId, rooms, timeline }, range) {
    if (timeline.after === 0) return {};
    return { deviceLists: await news.of({ userId, rooms: [...rooms()], lists: range, timeline }) };
  },
  keyCounts,
});
