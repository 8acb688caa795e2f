import type { IgnoredBy } from '../../rooms/timeline/readers.ts';
import type { SyncPart } from '../../streams/sync-part.ts';
import type { Typing } from './typing.service.ts';

/** Typing as a part of what clients follow: but for those whom a reader does not want to hear. */
export const typingPart = (typing: Typing, ignoredBy: IgnoredBy): SyncPart => ({
  stream: typing.stream,
  mayHaveNews: (reader, after) => typing.mayHaveChanged(reader.rooms(), after),
  async news(reader, range) {
    const ignored = await ignoredBy(reader.userId);
    const changes = typing.changes(reader.rooms(), range, reader.again);
    const rooms = [...changes].map(([roomId, users]) => {
      const content = { user_ids: users.filter((user) => !ignored.has(user)) };
      return [roomId, { ephemeral: [{ type: 'm.typing', content }] }] as const;
    });
    return { rooms: new Map(rooms) };
  },
});
