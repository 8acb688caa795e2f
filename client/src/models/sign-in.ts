import type { Gateway } from '../sdk/gateway.ts';
import { action, type Action } from './action.ts';
import { findHomeserver, type Address } from './homeserver.ts';
import { mistake } from './problem.ts';
import type { SessionModel } from './session.ts';

export interface SignInForm extends Address {
  readonly password: string;
}

export interface SignInModel {
  readonly submit: Action<[SignInForm]>;
}

export interface SignInNeeds {
  readonly gateway: () => Promise<Gateway>;
  readonly session: Pick<SessionModel, 'adopt'>;
  readonly origin: string;
}

export const signInModel = ({ gateway, session, origin }: SignInNeeds): SignInModel => ({
  submit: action(async (form) => {
    const username = form.username.trim();
    if (username === '') throw mistake('missing-username');
    if (form.password === '') throw mistake('missing-password');
    const matrix = await gateway();
    const baseUrl = await findHomeserver(matrix, origin, { ...form, username });
    await session.adopt(await matrix.logIn(baseUrl, { username, password: form.password }));
  }),
});
