import type { Background } from '../../platform/background.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';

export interface RoundsDeps {
  readonly clock: Clock;
  readonly background: Background;
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
}

/** Does a piece of work soon after it was asked for, but not again before a while has passed. */
export class Rounds implements Disposable {
  readonly #deps: RoundsDeps;
  readonly #stop = new AbortController();
  #isAsked = false;
  #isRunning = false;
  #last: UnixMillis | undefined;

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
  }

  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    if (!this.#isRunning) this.#schedule();
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  #schedule(): void {
    const { clock, everyMs } = this.#deps;
    const waitMs = this.#last === undefined ? 0 : this.#last + everyMs - clock.now();
    if (waitMs <= 0) this.#run();
    else void clock.sleep(waitMs, this.#stop.signal).then(() => this.#run());
  }

  #run(): void {
    const { background, clock, work } = this.#deps;
    if (this.#stop.signal.aborted) return;
    this.#isAsked = false;
    this.#isRunning = true;
    this.#last = clock.now();
    background.run('tell of presence', () =>
      work().finally(() => {
        this.#isRunning = false;
        if (this.#isAsked) this.#schedule();
      }),
    );
  }
}
