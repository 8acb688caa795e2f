import { createValue, type Value } from '../reactive/value.ts';
import type { Gateway } from '../sdk/gateway.ts';
import { problemOf, ProblemError } from '../sdk/problem.ts';
import { action, type Action } from './action.ts';
import { findHomeserver } from './homeserver.ts';
import { mistake } from './problem.ts';
import type { SessionModel } from './session.ts';

export interface SignUpForm {
  readonly homeserver: string;
  readonly username: string;
  readonly password: string;
  readonly repeated: string;
  readonly token: string;
}

/** `unneeded` until the server asks for one; a link's token is `checking`, then `valid`, `spent` or `unknown`. */
export type TokenState = 'unneeded' | 'asked' | 'checking' | 'valid' | 'spent' | 'unknown';

export interface SignUpModel {
  readonly token: Value<TokenState>;
  readonly submit: Action<[SignUpForm]>;
  /** Looks whether the token of a sign-up link still works. */
  check(token: string): Promise<void>;
}

export interface SignUpNeeds {
  readonly gateway: () => Promise<Gateway>;
  readonly session: Pick<SessionModel, 'adopt'>;
  readonly origin: string;
}

export const signUpModel = ({ gateway, session, origin }: SignUpNeeds): SignUpModel => {
  const token = createValue<TokenState>('unneeded');
  return {
    token,
    submit: action(async (form) => {
      const account = checked(form, token.get());
      const matrix = await gateway();
      const baseUrl = await findHomeserver(matrix, origin, form);
      try {
        await session.adopt(await matrix.register(baseUrl, account));
      } catch (error) {
        if (error instanceof ProblemError && error.problem.code === 'needs-token') token.set('asked');
        throw error;
      }
    }),
    async check(raw) {
      token.set('checking');
      try {
        const isValid = await (await gateway()).isTokenValid(origin, raw);
        token.set(isValid ? 'valid' : 'spent');
      } catch (error) {
        // Whether it works will show when it is used; only its being spent is worth a warning.
        token.set('unknown');
        if (problemOf(error).code === 'internal') throw error;
      }
    },
  };
};

const checked = (form: SignUpForm, state: TokenState) => {
  const username = form.username.trim();
  const token = form.token.trim();
  if (username === '') throw mistake('missing-username');
  if (form.password === '') throw mistake('missing-password');
  if (form.password !== form.repeated) throw mistake('passwords-differ');
  if (token === '' && state !== 'unneeded') throw mistake('missing-token');
  return { username, password: form.password, ...(token !== '' && { token }) };
};
