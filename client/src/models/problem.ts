import { ProblemError } from '../sdk/problem.ts';

export type { Problem } from '../sdk/problem.ts';

/** A mistake found before asking the server. */
export type Mistake =
  | 'missing-username'
  | 'missing-password'
  | 'missing-token'
  | 'missing-name'
  | 'bad-user-id'
  | 'bad-room'
  | 'bad-alias'
  | 'passwords-differ';

export const mistake = (code: Mistake): ProblemError => new ProblemError({ code });
