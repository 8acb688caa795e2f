/**
 * Look-ups that are asked for while another is on its way wait for it, and are then made together: however many ask at
 * the same moment, the database is asked twice.
 */
export class Gather<Key, Value> {
  readonly #fetch: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;
  #waiting: { readonly keys: Set<Key>; readonly answer: Promise<ReadonlyMap<Key, Value>> } | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isRunning = false;

  constructor(fetch: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>) {
    this.#fetch = fetch;
  }

  /** What was found, perhaps with what others asked for. */
  load(keys: Iterable<Key>): Promise<ReadonlyMap<Key, Value>> {
    if (!this.#isRunning) return this.#run([...keys]);
    if (!this.#waiting) {
      const gathered = new Set<Key>();
      const answer = this.#running.then(() => {
        this.#waiting = undefined;
        return this.#run([...gathered]);
      });
      this.#waiting = { keys: gathered, answer };
    }
    for (const key of keys) this.#waiting.keys.add(key);
    return this.#waiting.answer;
  }

  #run(keys: readonly Key[]): Promise<ReadonlyMap<Key, Value>> {
    this.#isRunning = true;
    const answer = this.#fetch(keys);
    const ended = () => {
      this.#isRunning = false;
    };
    // Whoever waits does not care how it went: each look-up answers for itself.
    this.#running = answer.then(ended, ended);
    return answer;
  }
}
