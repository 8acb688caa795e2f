import { ConnectionError, MatrixError } from 'matrix-js-sdk';
import { ProblemError, type Problem } from '../problem.ts';

/** What the SDK threw, as a problem. */
export const toProblem = (reason: unknown): Problem => {
  if (reason instanceof ProblemError) return reason.problem;
  if (reason instanceof ConnectionError) return { code: 'offline' };
  if (reason instanceof MatrixError) return fromServer(reason);
  return { code: 'internal', detail: reason instanceof Error ? reason.message : String(reason) };
};

const fromServer = (error: MatrixError): Problem => {
  const data = error.data as { error?: unknown };
  const wait = error.isRateLimitError() ? error.getRetryAfterMs() : null;
  return {
    code: error.errcode ?? 'M_UNKNOWN',
    ...(typeof data.error === 'string' && { detail: data.error }),
    ...(wait !== null && { retryAfterMs: wait }),
  };
};

/** Lets a call to the SDK fail with a ProblemError. */
export const inWords = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw new ProblemError(toProblem(error), { cause: error });
  }
};
