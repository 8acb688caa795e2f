import type { JsonObject } from '@holm/spec/json';
import type { Clock } from '../../platform/clock.ts';
import type { IgnoredBy } from '../../rooms/timeline/readers.ts';
import type { Position, Stream } from '../../streams/stream.ts';
import type { LooseEvent, SyncPart } from '../../streams/sync-part.ts';
import type { Presence } from './presence.service.ts';
import { contentOf } from './status.ts';

export interface PresencePartDeps {
  readonly clock: Clock;
  readonly stream: Stream;
  readonly ignoredBy: IgnoredBy;
}

/** Presence as a part of what clients follow. It keeps its place among the parts where there is none of it. */
export const presencePart = (
  presence: Presence | undefined,
  { clock, stream, ignoredBy }: PresencePartDeps,
): SyncPart => ({
  stream,
  isOfDevice: true,
  watchesRooms: true,
  mayHaveNews: (reader, after: Position) => presence?.news.mayBeFor(reader, after) === true,
  async news(reader, range) {
    if (!presence) return {};
    const [changes, ignored] = await Promise.all([presence.news.of(reader, range), ignoredBy(reader.userId)]);
    const now = clock.now();
    const events: LooseEvent[] = [];
    for (const [sender, status] of changes) {
      if (ignored.has(sender)) continue;
      const content: JsonObject = { ...contentOf(status, now) };
      events.push({ type: 'm.presence', sender, content });
    }
    return { presence: events };
  },
});
