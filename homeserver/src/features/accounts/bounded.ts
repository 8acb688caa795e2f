/** Lets so many pieces of work run at a time and a number of others wait. */
export class Bounded {
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  readonly #maxWaiting: number;
  #running = 0;

  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
  }

  /** Undefined, without having run, when too many wait already. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#running < this.#atOnce) {
      this.#running++;
      return this.#hold(work);
    }
    if (this.#waiting.length >= this.#maxWaiting) return undefined;
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn.resolve);
    return turn.promise.then(() => this.#hold(work));
  }

  /** Works in a place that is taken already, then hands it to the next in line. */
  async #hold<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
