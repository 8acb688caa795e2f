import type { Background } from './background.ts';
import type { Clock, UnixMillis } from './clock.ts';

export interface RoundsDeps {
  readonly clock: Clock;
  readonly background: Background;
  /** Of the work, for the log. */
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
}

/** Does a piece of work soon after it was asked for, but not again before a while has passed. */
export class Rounds implements AsyncDisposable {
  readonly #deps: RoundsDeps;
  readonly #stop = new AbortController();
  #isAsked = false;
  #running: Promise<unknown> | undefined;
  #last: UnixMillis | undefined;

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
  }

  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    if (this.#running === undefined) this.#schedule();
  }

  /** What was asked for is done now. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    // Its failure is told where it was begun.
    await this.#running?.catch(() => undefined);
    if (this.#isAsked) await this.#deps.work();
  }

  #schedule(): void {
    const { clock, everyMs } = this.#deps;
    // A clock may be set back.
    const waitMs = this.#last === undefined ? 0 : Math.min(this.#last + everyMs - clock.now(), everyMs);
    if (waitMs <= 0) this.#run();
    else void clock.sleep(waitMs, this.#stop.signal).then(() => this.#run());
  }

  #run(): void {
    const { background, clock, name, work } = this.#deps;
    if (this.#stop.signal.aborted) return;
    this.#isAsked = false;
    this.#last = clock.now();
    background.run(name, () => {
      this.#running = work();
      return this.#running.finally(() => {
        this.#running = undefined;
        if (this.#isAsked && !this.#stop.signal.aborted) this.#schedule();
      });
    });
  }
}
