import { MatrixError } from '@holm/spec/errors';
import type { DelayLimits } from './delayed-event.ts';

/** M_FORBIDDEN where nothing can be delayed, and what `complain` says for a delay that is too long. */
export const assertDelay = (
  delayMs: number,
  { maxDelayMs }: DelayLimits,
  complain: (maxMs: number) => MatrixError,
): void => {
  if (maxDelayMs === 0) throw new MatrixError('M_FORBIDDEN', 'this server does not send events later');
  if (delayMs > maxDelayMs) throw complain(maxDelayMs);
};

const tooLong = (maxMs: number): string => `the longest delay is ${maxMs} milliseconds`;

export const tooLarge = (maxMs: number): MatrixError => new MatrixError('M_DELAY_TOO_LARGE', tooLong(maxMs));

export const tooLargeUnstable = (maxMs: number): MatrixError =>
  new MatrixError('ORG.MATRIX.MSC4140_DELAY_TOO_LARGE', tooLong(maxMs));

/** As the first drafts had it, which let `/send` and `/state` delay; clients read the limit from it. */
export const tooLargeForQuery = (maxMs: number): MatrixError =>
  new MatrixError('M_UNKNOWN', tooLong(maxMs), {
    status: 400,
    extra: { 'org.matrix.msc4140.errcode': 'M_MAX_DELAY_EXCEEDED', 'org.matrix.msc4140.max_delay': maxMs },
  });
