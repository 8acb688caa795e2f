import type { SnapshotId, StoredEvent } from '@holm/homeserver/rooms/model';
import { extremityOf, type WideRoom, type Wish } from './wide-room.ts';

/**
 * State changes as rooms have them: 29 in a hundred are newcomers, 70 are members that change something, 1 sets
 * something else; three in a hundred happen beside another one, so that the room forks and is merged again.
 */
export class StateChanges {
  readonly #wide: WideRoom;
  readonly #random: () => number;
  /** Every state that was current, oldest first. */
  readonly snapshots: SnapshotId[] = [];
  count = 0;

  constructor(wide: WideRoom, seed: number) {
    this.#wide = wide;
    this.#random = randomFrom(seed);
  }

  async make(changes: number): Promise<void> {
    const end = this.count + changes;
    while (this.count < end) await (this.#random() < 0.03 ? this.#fork() : this.#one(this.#next()));
  }

  async #one(wish: Wish): Promise<void> {
    const { committer } = this.#wide.engine;
    const change = this.#wide.change();
    const position = await committer.claim();
    const before = change.head.snapshot;
    const { stored, after } = await this.#wide.place(change, wish, { before, position });
    change.setExtremities([extremityOf(stored)]);
    change.setCurrent(after, position, [[stored.keyNumber ?? 0, this.#before(stored), stored]]);
    if (!(await committer.commit(change, [position]))) throw new Error('somebody else was faster');
    this.#done([stored], after);
  }

  /** Two changes on one state, in two steps as they arrive; both hold, since they are of different keys. */
  async #fork(): Promise<void> {
    const { committer, tries } = this.#wide.engine;
    const base = this.#wide.head;
    const wishes = [this.#next(), this.#next()];
    if (wishes[0]?.stateKey === wishes[1]?.stateKey) return;
    const placed: StoredEvent[] = [];
    for (const wish of wishes) {
      const change = this.#wide.change();
      const position = await committer.claim();
      const { stored, after } = await this.#wide.place(change, wish, { before: base.snapshot, position });
      const key = stored.keyNumber ?? 0;
      const merged =
        placed.length === 0
          ? { snapshot: after, rows: [] }
          : await tries.changeShared(change.room.nid, change.head.snapshot, new Map([[key, stored.nid]]));
      change.addRows(merged.rows);
      placed.push(stored);
      change.setExtremities(placed.map(extremityOf));
      change.setCurrent(merged.snapshot, position, [[key, this.#before(stored), stored]]);
      if (!(await committer.commit(change, [position]))) throw new Error('somebody else was faster');
      this.#done([stored], merged.snapshot);
    }
  }

  #done(stored: readonly StoredEvent[], after: SnapshotId): void {
    for (const one of stored) this.#wide.remember(one);
    this.snapshots.push(after);
    this.count += stored.length;
  }

  #before({ event }: StoredEvent): StoredEvent | undefined {
    return this.#wide.at(event.type, event.stateKey ?? '');
  }

  #next(): Wish {
    const dice = this.#random();
    if (dice < 0.29) return this.#wide.newcomer();
    const index = Math.floor(this.#random() * this.#wide.members);
    if (dice < 0.99) return this.#wide.profile(index, `name ${this.count}`);
    return {
      type: 'org.example.widget',
      stateKey: `w${index % 50}`,
      content: { url: `https://${this.count}.example` },
    };
  }
}

/** The same numbers from 0 to 1 each time: mulberry32. */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
