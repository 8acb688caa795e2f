import { ProblemError } from './problem.ts';

/** What a server asks for before it does something: https://spec.matrix.org/latest/client-server-api/#user-interactive-authentication-api */
export interface AuthDemand {
  readonly session?: string;
  readonly flows: readonly { readonly stages: readonly string[] }[];
  readonly completed: readonly string[];
}

const TOKEN = 'm.login.registration_token';
const DUMMY = 'm.login.dummy';

/** The stages that we can walk through, in order; the shortest such flow wins. */
const walkable = (demand: AuthDemand, hasToken: boolean): readonly string[] | undefined =>
  demand.flows
    .map(({ stages }) => stages)
    .filter((stages) => stages.every((stage) => stage === DUMMY || (hasToken && stage === TOKEN)))
    // Someone who came with a token means to use it, even where the server would let anybody in.
    .toSorted((a, b) => Number(b.includes(TOKEN)) - Number(a.includes(TOKEN)) || a.length - b.length)[0];

/**
 * The next `auth` to send.
 * @throws ProblemError `needs-token` or `unsupported-sign-up`
 */
export const nextAuth = (demand: AuthDemand, token: string | undefined): Record<string, string> => {
  const flow = walkable(demand, token !== undefined);
  if (!flow) {
    const wouldHelp = token === undefined && walkable(demand, true) !== undefined;
    throw new ProblemError({ code: wouldHelp ? 'needs-token' : 'unsupported-sign-up' });
  }
  const stage = flow.find((name) => !demand.completed.includes(name));
  // Everything is done, and yet the server asks again: it has refused what we sent.
  if (stage === undefined) throw new ProblemError({ code: 'unsupported-sign-up' });
  return {
    type: stage,
    ...(demand.session !== undefined && { session: demand.session }),
    ...(stage === TOKEN && token !== undefined && { token }),
  };
};
