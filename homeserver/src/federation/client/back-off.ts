import type { UnixMillis } from '../../platform/clock.ts';

/** Since when a server cannot be reached, and when to try again. */
export interface BackOff {
  readonly failingSince: UnixMillis;
  readonly retryAt: UnixMillis;
  readonly intervalMs: number;
}

/** How long to wait still: never longer than the longest pause there is, for our clock may have been set back meanwhile. */
export const pauseLeft = ({ retryAt }: BackOff, now: UnixMillis, capMs: number): number => {
  const left = retryAt - now;
  return left > capMs ? 0 : Math.max(0, left);
};

const FIRST_INTERVAL_MS = 2_000;

/** Doubles the interval with every failure. `chance`, in [0, 1), spreads out servers that failed together. */
export const afterFailure = (
  before: BackOff | undefined,
  now: UnixMillis,
  { capMs, chance, atLeastMs = 0 }: { readonly capMs: number; readonly chance: number; readonly atLeastMs?: number },
): BackOff => {
  const intervalMs = Math.min(capMs, before ? before.intervalMs * 2 : FIRST_INTERVAL_MS);
  const pauseMs = Math.max(Math.round(intervalMs * (0.8 + 0.2 * chance)), Math.min(atLeastMs, capMs));
  return {
    failingSince: before?.failingSince ?? now,
    retryAt: (now + pauseMs) as UnixMillis,
    intervalMs,
  };
};
