import type { Events } from '../../rooms/events.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Database } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import { type Stretch, unreadStore as store } from './unread.store.ts';

/** Events of each room that are read at a time. */
const PAGE = 200;

/** What comes next in a room's timeline. */
export interface Following {
  readonly events: readonly StoredEvent[];
  /** The place up to which there is nothing else that matters. */
  readonly upTo: number;
}

/** Reads timelines on: what is in memory first, and of many rooms together what is not. */
export class Stretches {
  readonly #events: Events;
  readonly #gather: Gather<Stretch, readonly StoredEvent[]>;

  constructor(db: Database, events: Events) {
    this.#events = events;
    this.#gather = new Gather(async (stretches) => {
      // Those who have not read any of a room for long begin at the same place.
      const same = [...Map.groupBy(stretches, nameOf).values()];
      const rows = await store.stretches(
        db,
        same.flatMap(([one]) => one ?? []),
        PAGE,
      );
      const read = await this.#events.fromRows(rows);
      const pages = same.map((): StoredEvent[] => []);
      for (const [i, { ns }] of rows.entries()) {
        const event = read[i];
        if (event) for (const n of ns) pages[n - 1]?.push(event);
      }
      return new Map(same.flatMap((those, n) => those.map((stretch) => [stretch, pages[n] ?? []] as const)));
    }, 'round');
  }

  /** Without waiting; nothing if the newest events that are in memory do not reach back so far. */
  atHand({ head, tail }: Room, after: number): Following | undefined {
    if (!head) return undefined;
    const count = head.lastOrd - after;
    const events = tail.newest(count);
    const isWhole = events.length === count && events[0]?.ord === after + 1 && events.at(-1)?.ord === head.lastOrd;
    // A copy: the room goes on while this is being looked at.
    return isWhole ? { events: events.slice(), upTo: head.lastOrd } : undefined;
  }

  async read(room: Room, { after, main, isPlain, counted }: Omit<Stretch, 'room'>): Promise<Following> {
    const end = room.head?.lastOrd ?? after;
    const stretch = { room: room.nid, after, main, isPlain, counted };
    const page = (await this.#gather.load([stretch])).get(stretch) ?? [];
    const isLast = page.length < PAGE;
    const upTo = isLast ? end : (page.at(-1)?.ord ?? end);
    return { events: page.filter(({ ord = 0 }) => ord <= end), upTo: Math.min(upTo, end) };
  }
}

const nameOf = ({ room, after, main, isPlain, counted }: Stretch): string =>
  JSON.stringify([room, after, main, isPlain, counted]);
