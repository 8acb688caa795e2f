import type { SyncPart } from '../../streams/sync-part.ts';
import type { Typing } from './typing.service.ts';

/** Typing as a part of what clients follow. */
export const typingPart = (typing: Typing): SyncPart => ({
  stream: typing.stream,
  mayHaveNews: (reader, after) => typing.mayHaveChanged(reader.rooms(), after),
  news(reader, range) {
    const changes = typing.changes(reader.rooms(), range, reader.again);
    const rooms = [...changes].map(([roomId, users]) => {
      return [roomId, { ephemeral: [{ type: 'm.typing', content: { user_ids: users } }] }] as const;
    });
    return Promise.resolve({ rooms: new Map(rooms) });
  },
});
