declare const unit: unique symbol;
export type UnixMillis = number & { readonly [unit]: 'UnixMillis' };

export interface Clock {
  now(): UnixMillis;
  /** Runs `task` once after `delayMs`, unless disposed before. */
  after(delayMs: number, task: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => Date.now() as UnixMillis,
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
