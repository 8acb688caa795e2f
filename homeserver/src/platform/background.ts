import type { Log } from './log.ts';

/**
 * Work that nobody waits for, but that must be over before the server is.
 *
 * A failure is logged under the name of the work: there is nobody else to tell.
 */
export class Background {
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  run(name: string, work: () => Promise<unknown>): void {
    const task = work()
      .then(
        () => undefined,
        (err: unknown) => this.#log.error('background work failed', { work: name, err }),
      )
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  get size(): number {
    return this.#running.size;
  }

  /** Resolves once nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
