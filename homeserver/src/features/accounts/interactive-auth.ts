import type { Verdict } from '../../core/verdict.ts';

/** What a client sent as `auth`. */
export interface AuthData {
  readonly type?: string;
  readonly session?: string;
  readonly [detail: string]: unknown;
}

/** User-interactive authentication, as the operations that need it see it. */
export interface InteractiveAuth {
  /**
   * Resolves, with what completed each stage, once all stages of a flow are complete; until then it throws the 401
   * that tells the client what to do next.
   */
  complete(request: {
    /** What is being authorised, and for whom. A session that was begun for one thing is good for nothing else. */
    readonly purpose: string;
    readonly auth: AuthData | undefined;
    readonly flows: readonly (readonly string[])[];
    readonly check: (stage: string, auth: AuthData) => Promise<Verdict>;
  }): Promise<ReadonlyMap<string, AuthData>>;
}
