import type { UnreadCounts } from '../../core/push/unread-counts.ts';

/** The main timeline, when it is spoken of as a thread. */
export const MAIN = 'main';

interface Thread {
  /** Everything up to this place has been read. */
  read: number;
  /** Places of what notified and has not been read, in their order: `2 * ord`, and one more for a highlight. */
  readonly entries: number[];
  /** How many of them are highlights. */
  highlights: number;
}

/** As a backlog is stored: places by thread, each as the difference to the one before. */
export type StoredThreads = Readonly<Record<string, readonly number[]>>;

const ordOf = (entry: number): number => Math.floor(entry / 2);

const holds = ({ entries }: Thread, ord: number): boolean => ordOf(entries[indexAfter(entries, ord - 1)] ?? 0) === ord;

/**
 * What one user has not read of one room, of what notifies them.
 *
 * The places themselves are kept, so that a receipt takes away what it covers and a redaction what it hides, and
 * nothing has to be looked at again. Nothing of it depends on the order in which events and receipts are told.
 */
export class Backlog {
  readonly #threads = new Map<string, Thread>();
  /** By receipts of no thread. */
  #read: number;
  #counts: UnreadCounts | undefined;

  constructor(read: number) {
    this.#read = read;
  }

  get read(): number {
    return this.#read;
  }

  readOf(thread: string): number {
    return Math.max(this.#read, this.#threads.get(thread)?.read ?? 0);
  }

  /** An event notifies: behind all that have been added before, or anywhere. */
  add(thread: string, ord: number, highlight: boolean): void {
    if (ord <= this.readOf(thread)) return;
    const one = this.#thread(thread);
    const index = indexAfter(one.entries, ord - 1);
    if (ordOf(one.entries[index] ?? 0) === ord) return;
    one.entries.splice(index, 0, 2 * ord + Number(highlight));
    one.highlights += Number(highlight);
    this.#counts = undefined;
  }

  /** An event does not notify any more. */
  remove(ord: number): void {
    for (const thread of this.#threads.values()) {
      const index = indexAfter(thread.entries, ord - 1);
      if (ordOf(thread.entries[index] ?? 0) === ord) this.#take(thread, index, 1);
    }
  }

  /** Everything up to a place has been read, of one thread or, without one, of all. Never goes back. */
  markRead(thread: string | undefined, ord: number): void {
    if (thread === undefined) {
      if (ord <= this.#read) return;
      this.#read = ord;
      for (const one of this.#threads.values()) this.#drop(one, ord);
      return;
    }
    if (ord <= this.readOf(thread)) return;
    const one = this.#thread(thread);
    one.read = ord;
    this.#drop(one, ord);
  }

  has(ord: number): boolean {
    return [...this.#threads.values()].some((thread) => holds(thread, ord));
  }

  /** Whether it would be no other if this event, whatever thread it is in, were in the main timeline. */
  isSettled(ord: number): boolean {
    const main = this.#threads.get(MAIN);
    return (main !== undefined && holds(main, ord)) || (ord <= this.readOf(MAIN) && !this.has(ord));
  }

  /** How many places it holds. */
  get size(): number {
    let size = 0;
    for (const { entries } of this.#threads.values()) size += entries.length;
    return size;
  }

  /** The same value until something changes. */
  get counts(): UnreadCounts {
    return (this.#counts ??= this.#count());
  }

  toStored(): StoredThreads {
    const unread = [...this.#threads].filter(([, { entries }]) => entries.length > 0);
    return Object.fromEntries(
      unread.map(([thread, { entries }]) => [thread, entries.map((entry, i) => entry - (entries[i - 1] ?? 0))]),
    );
  }

  restore(stored: StoredThreads): void {
    for (const [thread, differences] of Object.entries(stored)) {
      let entry = 0;
      for (const difference of differences) {
        entry += difference;
        this.add(thread, ordOf(entry), entry % 2 === 1);
      }
    }
  }

  #count(): UnreadCounts {
    const threads = new Map<string, { notifications: number; highlights: number }>();
    const total = { notifications: 0, highlights: 0 };
    for (const [thread, { entries, highlights }] of this.#threads) {
      if (entries.length === 0) continue;
      total.notifications += entries.length;
      total.highlights += highlights;
      threads.set(thread, { notifications: entries.length, highlights });
    }
    const main = threads.get(MAIN) ?? { notifications: 0, highlights: 0 };
    threads.delete(MAIN);
    return { total, main, threads };
  }

  #drop(thread: Thread, ord: number): void {
    const read = indexAfter(thread.entries, ord);
    if (read > 0) this.#take(thread, 0, read);
  }

  #take(thread: Thread, from: number, count: number): void {
    for (const entry of thread.entries.splice(from, count)) thread.highlights -= entry % 2;
    this.#counts = undefined;
  }

  #thread(thread: string): Thread {
    const known = this.#threads.get(thread);
    if (known) return known;
    const made = { read: 0, entries: [], highlights: 0 };
    this.#threads.set(thread, made);
    return made;
  }
}

/** The index of the first entry behind a place. New ones come last, mostly. */
const indexAfter = (entries: readonly number[], ord: number): number => {
  let [low, high] = [0, entries.length];
  if (high > 0 && ordOf(entries[high - 1] ?? 0) <= ord) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ordOf(entries[middle] ?? 0) <= ord) low = middle + 1;
    else high = middle;
  }
  return low;
};
