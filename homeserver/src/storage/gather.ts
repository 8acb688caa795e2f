import { onceRound } from '../platform/turns.ts';

/**
 * For whom a look-up waits: for those who ask as long as something can go on without waiting; or, once round the loop, for the requests
 * that have come in with this one as well. That is for what takes one step: who takes many waits each time.
 */
export type Patience = 'moment' | 'round';

/**
 * Look-ups that are asked for at the same moment are made together, and those that come while one is on its way wait for it:
 * however many ask, the database is asked once, and once more for those who came later.
 *
 * A moment ends when nothing is left that can go on without waiting. So rooms that go through the same steps side by side
 * stay together, step by step.
 */
export class Gather<Key, Value> {
  readonly #fetch: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;
  #waiting: { readonly keys: Set<Key>; readonly answer: Promise<ReadonlyMap<Key, Value>> } | undefined;
  /** The look-up that is on its way, or the last one; it never fails. */
  #running: Promise<unknown> | undefined;
  readonly #patience: Patience;

  constructor(fetch: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>, patience: Patience = 'moment') {
    this.#fetch = fetch;
    this.#patience = patience;
  }

  /** What was found, perhaps with what others asked for. */
  load(keys: Iterable<Key>): Promise<ReadonlyMap<Key, Value>> {
    if (!this.#waiting) {
      const gathered = new Set<Key>();
      this.#waiting = { keys: gathered, answer: this.#fetchSoon(gathered) };
    }
    for (const key of keys) this.#waiting.keys.add(key);
    return this.#waiting.answer;
  }

  async #fetchSoon(keys: ReadonlySet<Key>): Promise<ReadonlyMap<Key, Value>> {
    await this.#running;
    await (this.#patience === 'round' ? onceRound() : endOfMoment());
    this.#waiting = undefined;
    const answer = this.#fetch([...keys]);
    // Whoever waits does not care how it went: each look-up answers for itself.
    this.#running = answer.catch(() => undefined);
    return answer;
  }
}

/** Node does what is put off like this when no promise is left that could go on. */
const endOfMoment = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
