import { setTimeout as delay } from 'node:timers/promises';

declare const unit: unique symbol;

/** Milliseconds since 1970, by the clock of whoever wrote it. */
export type UnixMillis = number & { readonly [unit]: 'UnixMillis' };

/** The only way to learn the time or to wait. `Date.now` and `setTimeout` are lint errors elsewhere. */
export interface Clock {
  now(): UnixMillis;
  /** Resolves after `ms`, or as soon as `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now() as UnixMillis,
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
};
