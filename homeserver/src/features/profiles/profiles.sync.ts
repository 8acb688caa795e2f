import type { SyncPart } from '../../streams/sync-part.ts';
import type { ProfileNews } from './profile-news.service.ts';

/** What becomes of profiles has its place among the parts; sliding sync, which alone has room for it, asks for it itself. */
export const profilesPart = ({ stream }: Pick<ProfileNews, 'stream'>): SyncPart => ({
  stream,
  isOfDevice: true,
  isOfSliding: true,
  mayHaveNews: () => false,
  news: () => Promise.resolve({}),
});
