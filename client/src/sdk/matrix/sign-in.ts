import { createClient, MatrixError, type LoginResponse, type MatrixClient, type RegisterResponse } from 'matrix-js-sdk';
import type { NewAccount, Session } from '../gateway.ts';
import { ProblemError } from '../problem.ts';
import { nextAuth, type AuthDemand } from '../sign-up-flow.ts';
import { inWords } from './trouble.ts';

const DEVICE_NAME = 'Holm Web';
const PASSWORD = 'm.login.password';

export const logIn = (baseUrl: string, credentials: { username: string; password: string }): Promise<Session> =>
  inWords(passwordLogin(baseUrl, credentials));

const passwordLogin = async (baseUrl: string, { username, password }: { username: string; password: string }) => {
  const client = createClient({ baseUrl });
  const { flows } = await client.loginFlows();
  if (!flows.some(({ type }) => type === PASSWORD)) throw new ProblemError({ code: 'no-password-login' });
  const response = await client.loginRequest({
    type: PASSWORD,
    identifier: { type: 'm.id.user', user: username },
    password,
    initial_device_display_name: DEVICE_NAME,
  });
  return toSession(baseUrl, response);
};

export const register = (baseUrl: string, account: NewAccount): Promise<Session> =>
  inWords(walkSignUp(createClient({ baseUrl }), baseUrl, account));

const walkSignUp = async (client: MatrixClient, baseUrl: string, account: NewAccount): Promise<Session> => {
  let auth: Record<string, string> | undefined;
  for (;;) {
    const answer = await attempt(client, account, auth);
    if ('user_id' in answer) return toSession(baseUrl, answer);
    auth = nextAuth(answer, account.token);
  }
};

const attempt = async (
  client: MatrixClient,
  { username, password }: NewAccount,
  auth: Record<string, string> | undefined,
): Promise<RegisterResponse | AuthDemand> => {
  try {
    return await client.registerRequest({
      username,
      password,
      initial_device_display_name: DEVICE_NAME,
      ...(auth && { auth }),
    });
  } catch (error) {
    const demand = demandIn(error);
    // With an errcode beside the flows, the stage just sent was refused: that is the answer to show.
    if (!demand || (error as MatrixError).data.errcode !== undefined) throw error;
    return demand;
  }
};

const demandIn = (error: unknown): AuthDemand | undefined => {
  if (!(error instanceof MatrixError) || error.httpStatus !== 401) return undefined;
  const data = error.data as { session?: string; flows?: AuthDemand['flows']; completed?: string[] };
  if (!Array.isArray(data.flows)) return undefined;
  return {
    flows: data.flows,
    completed: data.completed ?? [],
    ...(data.session !== undefined && { session: data.session }),
  };
};

const toSession = (baseUrl: string, response: LoginResponse | RegisterResponse): Session => {
  const { access_token: accessToken, device_id: deviceId, user_id: userId } = response;
  if (accessToken === undefined || deviceId === undefined)
    throw new ProblemError({ code: 'internal', detail: 'the server gave no access token' });
  return { baseUrl, userId, deviceId, accessToken };
};
