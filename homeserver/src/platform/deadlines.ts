import type { Clock } from './clock.ts';
import { NOWHERE } from './place.ts';

/** Something that happens at its time, if it is not taken back before. */
export interface Timed {
  /** When, and where it stands in the queue: both are the queue's to write. */
  dueAt: number;
  place: number;
  readonly due: () => void;
}

/**
 * Many deadlines and one timer, for the next of them: a timer each, with its promise and what calls it off, takes ten
 * times as much memory. A binary heap.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #heap: Timed[] = [];
  #timer: AbortController | undefined;
  #wakesAt = Infinity;
  /** What the clock said last. */
  #seen = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(timed: Timed, inMs: number): void {
    const now = this.#clock.now();
    this.#mindPutBack(this.#seen, now);
    timed.dueAt = now + inMs;
    this.#heap.push(timed);
    this.#rise(this.#heap.length - 1, timed);
    this.#set();
  }

  remove(timed: Timed): void {
    if (timed.place === NOWHERE) return;
    this.#take(timed);
    this.#set();
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Nothing holds the process up any more. */
  close(): void {
    this.#timer?.abort(TAKEN_BACK);
    this.#timer = undefined;
    this.#wakesAt = Infinity;
  }

  /**
   * A timer that has become too early is left to run out, also where nothing waits any more: whoever waited mostly comes
   * back at once, and waits longer than to then.
   */
  #set(): void {
    const next = this.#heap[0];
    if (!next || next.dueAt >= this.#wakesAt) return;
    this.close();
    const timer = (this.#timer = new AbortController());
    this.#wakesAt = next.dueAt;
    void this.#clock.sleep(Math.max(0, next.dueAt - this.#clock.now()), timer.signal).then(() => {
      if (!timer.signal.aborted) this.#wake();
    });
  }

  #wake(): void {
    const now = this.#clock.now();
    this.#mindPutBack(this.#wakesAt, now);
    this.#wakesAt = Infinity;
    this.#timer = undefined;
    for (let next = this.#heap[0]; next && next.dueAt <= now; next = this.#heap[0]) {
      this.#take(next);
      next.due();
    }
    this.#set();
  }

  /** Timers do not mind when somebody puts the clock back; what is still to come does not, either. */
  #mindPutBack(atLeast: number, now: number): void {
    const putBack = atLeast - now;
    this.#seen = now;
    if (putBack <= TOLERATED_MS) return;
    for (const timed of this.#heap) timed.dueAt -= putBack;
    this.#wakesAt -= putBack;
  }

  #take(timed: Timed): void {
    const { place } = timed;
    timed.place = NOWHERE;
    const last = this.#heap.pop();
    if (last && last !== timed) this.#rise(this.#sink(place, last), last);
  }

  #rise(from: number, timed: Timed): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#heap[above];
      if (!other || other.dueAt <= timed.dueAt) break;
      this.#put(place, other);
      place = above;
    }
    this.#put(place, timed);
  }

  /** Gives the place that it came to. */
  #sink(from: number, timed: Timed): number {
    let place = from;
    for (;;) {
      const [left, right] = [this.#heap[2 * place + 1], this.#heap[2 * place + 2]];
      const other = right && left && right.dueAt < left.dueAt ? right : left;
      if (!other || other.dueAt >= timed.dueAt) break;
      const below = other.place;
      this.#put(place, other);
      place = below;
    }
    this.#put(place, timed);
    return place;
  }

  #put(place: number, timed: Timed): void {
    this.#heap[place] = timed;
    timed.place = place;
  }
}

/** By so much a timer may be early. */
const TOLERATED_MS = 1_000;
const TAKEN_BACK = Symbol('nothing is due then any more');
