import type { SyncPart } from '../../streams/sync-part.ts';
import { toContent } from './subscription.ts';
import type { ThreadSubscriptions } from './thread-subscriptions.service.ts';

const LIMIT = 100;

/** Which threads one follows as a part of what sliding sync tells. Of many changes it tells the newest. */
export const threadSubscriptionsPart = (threads: ThreadSubscriptions): SyncPart => ({
  stream: threads.stream,
  isOfDevice: true,
  isOfSliding: true,
  mayHaveNews: ({ userId }, after) => threads.mayHaveChanged(userId, after),
  async news({ userId, atMost = LIMIT }, range) {
    const { changed, more } = await threads.changes(userId, range, atMost);
    if (changed.length === 0) return {};
    return { threads: { ...toContent(changed), ...(more !== undefined && { prev_batch: more }) } };
  },
});
