import { LRUCache } from 'lru-cache';
import type { Filter } from '../../core/filters/filter.ts';
import { weighAgain } from '../../platform/at-most.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position } from '../../streams/stream.ts';

/** A room up to its newest event, and a moment: texts tell how old their events are. */
export interface Newest {
  readonly room: RoomNid;
  /** The number of that event. */
  readonly end: number;
  readonly moment: number;
}

export interface Wanted {
  readonly filter: Filter;
  readonly after: Position | undefined;
}

interface Kept<Stretch> {
  readonly making: Promise<Stretch>;
  stretch?: Stretch;
}

interface KeptRoom<Stretch> extends Newest {
  readonly stretches: Map<Filter, Map<Position | undefined, Kept<Stretch>>>;
  bytes: number;
}

/** Enough for the first answers of some at once. */
const MAX_BYTES = 8_000_000;
const BYTES_PER_STRETCH = 1_000;

/**
 * Stretches of timelines for those who ask at the same time, whom a message has woken for example. Once a room has a newer event nobody asks
 * for what ended before it, nor at another moment for what was made in this one: all of it is let go then.
 */
export class KeptStretches<Stretch extends { readonly text: string }> {
  readonly #rooms = new LRUCache<RoomNid, KeptRoom<Stretch>>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });

  /** If it has been made. */
  atHand({ room, end, moment }: Newest, { filter, after }: Wanted): Stretch | undefined {
    const known = this.#rooms.get(room);
    if (known?.end !== end || known.moment !== moment) return undefined;
    return known.stretches.get(filter)?.get(after)?.stretch;
  }

  /** Made once for all who ask meanwhile; whoever waits hears of an error, and who comes after that tries again. */
  async get(newest: Newest, { filter, after }: Wanted, make: () => Promise<Stretch>): Promise<Stretch> {
    const room = this.#roomOf(newest);
    const filtered = room.stretches.get(filter) ?? new Map<Position | undefined, Kept<Stretch>>();
    room.stretches.set(filter, filtered);
    const known = filtered.get(after);
    if (known) return known.making;
    const kept: Kept<Stretch> = { making: make() };
    filtered.set(after, kept);
    try {
      kept.stretch = await kept.making;
    } catch (error) {
      filtered.delete(after);
      throw error;
    }
    this.#weigh(room, kept.stretch);
    return kept.stretch;
  }

  #roomOf({ room, end, moment }: Newest): KeptRoom<Stretch> {
    const known = this.#rooms.get(room);
    if (known?.end === end && known.moment === moment) return known;
    const made: KeptRoom<Stretch> = { room, end, moment, stretches: new Map(), bytes: BYTES_PER_STRETCH };
    this.#rooms.set(room, made);
    return made;
  }

  /** Texts are kept one by one and together. */
  #weigh(room: KeptRoom<Stretch>, { text }: Stretch): void {
    room.bytes += BYTES_PER_STRETCH + 2 * text.length;
    if (this.#rooms.peek(room.room) === room) weighAgain(this.#rooms, room.room);
  }
}
