import type { Clock } from '../platform/clock.ts';
import type { Caller } from './route.ts';

/** Which request a transaction id belongs to: the device, and the path with the id in it. */
export type TxnScope = string & { readonly '~': 'TxnScope' };

/**
 * The id's scope is the device and the request's path, so the same id on two operations or in two rooms is two
 * requests. `operation` stands for the path's words, under whichever of its names it was called.
 */
export const txnScope = (
  { userId, deviceId }: Pick<Caller, 'userId' | 'deviceId'>,
  operation: string,
  ...params: readonly string[]
): TxnScope => JSON.stringify([userId, deviceId, operation, ...params]) as TxnScope;

/** Makes requests with a transaction id happen once. */
export interface TxnIds {
  /** The result of the first request with this id, also while that is still under way. A failure may be repeated. */
  once<T>(scope: TxnScope, work: () => Promise<T>): Promise<T>;
}

/** Clients repeat a request within minutes; after this it is a new one. */
const REMEMBERED_MS = 30 * 60_000;
const MAX_REMEMBERED = 50_000;

/** Transaction ids of operations whose effects do not outlive the process either. */
export class MemoryTxnIds implements TxnIds {
  readonly #clock: Clock;
  readonly #results = new Map<TxnScope, { readonly expires: number; readonly result: Promise<unknown> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  once<T>(scope: TxnScope, work: () => Promise<T>): Promise<T> {
    const now = this.#clock.now();
    const known = this.#results.get(scope);
    if (known && known.expires > now) return known.result as Promise<T>;
    this.#results.delete(scope);
    this.#forgetOld(now);
    const result = work();
    const entry = { expires: now + REMEMBERED_MS, result };
    this.#results.set(scope, entry);
    // The caller hears of the failure; here it only means that the next attempt is a new one.
    result.catch(() => {
      if (this.#results.get(scope) === entry) this.#results.delete(scope);
    });
    return result;
  }

  get size(): number {
    return this.#results.size;
  }

  #forgetOld(now: number): void {
    for (const [scope, { expires }] of this.#results) {
      if (expires > now && this.#results.size < MAX_REMEMBERED) return;
      this.#results.delete(scope);
    }
  }
}
