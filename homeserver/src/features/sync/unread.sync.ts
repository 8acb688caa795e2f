import type { Counts, UnreadCounts } from '../../core/push/unread-counts.ts';
import type { Position } from '../../streams/stream.ts';
import type { RoomNews } from '../../streams/sync-part.ts';
import type { Unread } from '../notifications/index.ts';
import type { View } from './view.sync.ts';
import type { JsonText } from './json-text.ts';

/** The counts as the members of a joined room that this dialect has for them. */
export const unreadTexts = (
  { main, total, threads }: UnreadCounts,
  { filter }: Pick<View, 'filter'>,
): Readonly<Record<string, JsonText>> => {
  const perThread = filter.room.timeline.unreadThreadNotifications;
  if (!perThread) return { unread_notifications: countsText(total) };
  if (threads.size === 0) return { unread_notifications: countsText(main) };
  const texts = [...threads].map(([root, counts]) => `${JSON.stringify(root)}:${countsText(counts)}`);
  return { unread_notifications: countsText(main), unread_thread_notifications: `{${texts.join(',')}}` };
};

const countsText = ({ notifications, highlights }: Counts): JsonText =>
  `{"highlight_count":${highlights},"notification_count":${notifications}}`;

/** What else than its timeline may make the counts of a room news. */
export interface Occurred {
  readonly news: RoomNews | undefined;
  /** The reader's rules may have changed since this position of the stream of account data. */
  readonly rulesSince: Position | undefined;
}

/** Whether the counts have changed by what is told of nowhere else: receipts, rules, events that the filter leaves out. */
export const isCountNews = (
  { changedAt, rulesAt }: Unread,
  { after = changedAt, upTo }: Pick<View, 'after' | 'upTo'>,
  { news, rulesSince }: Occurred,
): boolean =>
  news?.counts === true ||
  (changedAt > after && changedAt <= upTo) ||
  (rulesSince !== undefined && rulesAt > rulesSince);
