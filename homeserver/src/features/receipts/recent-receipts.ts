import type { Receipt } from './receipt.ts';

/** Every member of a room is woken by its receipts; they must not ask the database one after the other. */
const CAPACITY = 5_000;

/** Users of ours never go back; what another server tells of its own replaces what it told before. */
type Whose = 'ours' | 'theirs';

interface Entry {
  readonly position: number;
  readonly receipt: Receipt;
  readonly whose: Whose;
}

/** The newest receipts of all rooms. */
export class RecentReceipts {
  readonly #entries: Entry[] = [];
  /** What was recorded after this is here. */
  #from: number;

  constructor(from: number) {
    this.#from = from;
  }

  /** Positions settle out of order, so an entry may have to go before the last ones. */
  add(position: number, receipts: readonly Receipt[], whose: Whose): void {
    let at = this.#entries.length;
    while (at > 0 && (this.#entries[at - 1]?.position ?? 0) > position) at--;
    this.#entries.splice(at, 0, ...receipts.map((receipt) => ({ position, receipt, whose })));
    if (this.#entries.length < 2 * CAPACITY) return;
    const dropped = this.#entries.splice(0, this.#entries.length - CAPACITY);
    this.#from = dropped.at(-1)?.position ?? this.#from;
  }

  /** Those of some rooms, of each kind the last; undefined when they reach too far back. */
  of(
    rooms: Pick<ReadonlySet<Receipt['roomNid']>, 'has'>,
    range: { after: number; upTo: number },
  ): Receipt[] | undefined {
    if (range.after < this.#from) return undefined;
    const found = new Map<string, Entry>();
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i];
      if (!entry || entry.position <= range.after) break;
      if (entry.position > range.upTo) continue;
      const { roomNid, type, threadId = '', userId } = entry.receipt;
      const key = `${roomNid} ${type} ${threadId} ${userId}`;
      if (rooms.has(roomNid) && isLast(entry, found.get(key))) found.set(key, entry);
    }
    return [...found.values()].reverse().map(({ receipt }) => receipt);
  }
}

/** Positions are claimed before anything is written: of two of ours the one that is further on was written last. */
const isLast = ({ receipt, whose }: Entry, later: Entry | undefined): boolean =>
  later === undefined || (whose === 'ours' && (receipt.ord ?? 0) > (later.receipt.ord ?? 0));
