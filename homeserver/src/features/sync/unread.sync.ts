import type { Counts, UnreadCounts } from '../../core/push/unread-counts.ts';
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
