/** Why something could not be done, as a value that can be put into words. */
export interface Problem {
  /**
   * An `M_…` code from the server, or one of ours: `offline` (no answer), `not-a-homeserver`, `bad-well-known`,
   * `no-password-login`, `needs-token`, `unsupported-sign-up`, `internal`.
   */
  readonly code: string;
  /** What the server said, in its own words. */
  readonly detail?: string;
  readonly retryAfterMs?: number;
}

/** Thrown by everything in sdk/ that can fail for a reason the reader should be told. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail ?? problem.code, options);
    this.problem = problem;
  }
}

export const problemOf = (reason: unknown): Problem =>
  reason instanceof ProblemError
    ? reason.problem
    : { code: 'internal', detail: reason instanceof Error ? reason.message : String(reason) };
