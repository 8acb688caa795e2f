import type { Caller } from '../../http/route.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { EventNid, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Stuck } from '../../rooms/sticky/stuck.ts';
import { isWelcome, type Readers } from '../../rooms/timeline/readers.ts';

/** What sticks in rooms, as those who are in them are told of it: whatever they may see of history. */
export class StuckEvents {
  readonly #engine: Pick<RoomEngine, 'events'>;
  readonly #readers: Readers;

  constructor(engine: Pick<RoomEngine, 'events'>, readers: Readers) {
    this.#engine = engine;
    this.#readers = readers;
  }

  /** Those that the viewer is to be told of, but for those that they are shown anyway. */
  async shownTo(
    viewer: Caller,
    room: Room,
    { stuck, shown }: { readonly stuck: readonly Stuck[]; readonly shown: ReadonlySet<EventNid> },
  ): Promise<StoredEvent[]> {
    const missing = stuck.filter(({ nid }) => !shown.has(nid));
    if (missing.length === 0) return [];
    const loaded = await this.#engine.events.load(missing.map(({ nid }) => nid));
    const { ignored } = await this.#readers.of(viewer, { room });
    return missing
      .flatMap(({ nid }) => loaded.get(nid) ?? [])
      .filter((event) => event.redactedBy === undefined && isWelcome(event, ignored));
  }
}
