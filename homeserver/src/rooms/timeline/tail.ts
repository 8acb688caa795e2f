import type { EventNid, StoredEvent } from '../model.ts';
import { bytesOfEvent } from '../weight.ts';

/** Events kept per room. Longer timelines are read from the database. */
const KEPT = 50;

/**
 * The newest events of a room's timeline, in order and without gaps.
 *
 * Fifty readers that a message wakes are served from here: the database is asked once, and only after a start.
 */
export class Tail {
  readonly #grew: () => void;
  #events: StoredEvent[] = [];
  #bytes = 0;

  /** `grew`: told when `bytes` has changed. */
  constructor(grew: () => void) {
    this.#grew = grew;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Events that have been committed. */
  append(events: readonly StoredEvent[]): void {
    for (const event of events) {
      const last = this.#events.at(-1);
      if (last?.ord !== undefined && event.ord !== last.ord + 1) this.#keep([]);
      this.#events.push(event);
      this.#bytes += bytesOfEvent(event);
    }
    if (this.#events.length > 2 * KEPT) this.#keep(this.#events.slice(-KEPT));
    if (events.length > 0) this.#grew();
  }

  /** Whether `newest(limit)` can answer. `firstOrd` and `lastOrd` are the head's. */
  has(limit: number, firstOrd: number, lastOrd: number): boolean {
    const [first] = this.#events;
    if (lastOrd < firstOrd) return true;
    if (!first || this.#events.at(-1)?.ord !== lastOrd) return false;
    return this.#events.length >= limit || first.ord === firstOrd;
  }

  /** The newest events, oldest of them first. */
  newest(limit: number): readonly StoredEvent[] {
    return limit >= this.#events.length ? this.#events : this.#events.slice(this.#events.length - limit);
  }

  /** What was read from the database: the newest events, oldest first. */
  fill(read: readonly StoredEvent[]): void {
    const [first] = this.#events;
    const older = read.filter(({ ord }) => first?.ord === undefined || (ord ?? 0) < first.ord);
    const all = [...older, ...this.#events];
    const start = all.findLastIndex(({ ord = 0 }, index) => index > 0 && all[index - 1]?.ord !== ord - 1);
    this.#keep(all.slice(Math.max(start, 0)).slice(-KEPT));
    this.#grew();
  }

  find(nid: EventNid): StoredEvent | undefined {
    return this.#events.find((event) => event.nid === nid);
  }

  /** An event looks different now: it has been redacted. */
  replace(event: StoredEvent): void {
    const index = this.#events.findIndex(({ nid }) => nid === event.nid);
    if (index < 0) return;
    this.#keep(this.#events.with(index, event));
    this.#grew();
  }

  #keep(events: StoredEvent[]): void {
    this.#events = events;
    this.#bytes = events.reduce((sum, event) => sum + bytesOfEvent(event), 0);
  }
}
