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
  // By hand: the promise of `node:timers` makes an error with a stack for each one that is cut short, which nearly all
  // of them are.
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener('abort', wake, { once: true });
    }),
};
