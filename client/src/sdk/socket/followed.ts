import type { Clock } from '../../platform/clock.ts';
import { type Answer, type Follow, type Line, reasonOf, type Told } from './line.ts';
import { emptyAnswer, type SyncWish } from './sync-wish.ts';

/** Requests of sync, answered with what is pushed: each of them acknowledges the answer of the one before. */
export class Followed {
  readonly #clock: Clock;
  #current: { readonly follow: Follow; readonly line: Line; readonly key: string } | undefined;
  /** Where the client goes on if it takes in what it was told last, and whether the server knows that it has. */
  #pos: string | undefined;
  #isAcknowledged = true;
  #waiting = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody waits for what is told next. To follow something else would leave them without it. */
  get isInUse(): boolean {
    return this.#waiting > 0;
  }

  /** Rejects with `LineLostError`, and as `fetch` does when `signal` aborts. */
  async answer(line: Line, wish: SyncWish, signal?: AbortSignal | null): Promise<Answer> {
    const follow = this.#followFor(line, wish);
    const told = await this.#within(wish.timeoutMs, follow.next(), signal);
    if (told === undefined) return { status: 200, headers: {}, body: emptyAnswer(wish) };
    if (told.kind === 'over') {
      this.end();
      return told.answer;
    }
    this.#pos = told.pos;
    this.#isAcknowledged = false;
    return { status: 200, headers: {}, body: told.body };
  }

  end(): void {
    this.#current?.follow.end();
    this.#current = undefined;
  }

  #followFor(line: Line, wish: SyncWish): Follow {
    const { key, pos, dialect, query, body } = wish;
    const known = this.#current;
    if (known?.line === line && known.key === key && this.#pos === pos && pos !== undefined) {
      if (!this.#isAcknowledged) known.follow.acknowledge(pos);
      this.#isAcknowledged = true;
      return known.follow;
    }
    this.end();
    const follow = line.follow({ dialect, pos, query, body });
    this.#current = { follow, line, key };
    this.#pos = pos;
    this.#isAcknowledged = true;
    return follow;
  }

  /** Nothing when time is up. For a first answer there is no time: it comes. */
  async #within(ms: number, told: Promise<Told>, signal?: AbortSignal | null): Promise<Told | undefined> {
    if (signal?.aborted === true) throw reasonOf(signal);
    const over = Promise.withResolvers<undefined>();
    const stop = () => over.reject(reasonOf(signal));
    signal?.addEventListener('abort', stop, { once: true });
    const timer = this.#pos === undefined ? undefined : this.#clock.after(ms, () => over.resolve(undefined));
    this.#waiting++;
    try {
      return await Promise.race([told, over.promise]);
    } finally {
      this.#waiting--;
      timer?.[Symbol.dispose]();
      signal?.removeEventListener('abort', stop);
    }
  }
}
