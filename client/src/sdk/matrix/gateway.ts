import { discover, type FetchJson } from '../discovery.ts';
import type { Gateway } from '../gateway.ts';
import { openAccount } from './account.ts';
import type { GatewayNeeds } from './needs.ts';
import { logIn, register } from './sign-in.ts';
import { inWords } from './trouble.ts';

/** Matrix by way of matrix-js-sdk. */
export const matrixGateway = (needs: GatewayNeeds): Gateway => {
  const fetchJson: FetchJson = async (url) => {
    const response = await needs.fetch(url, { credentials: 'omit', cache: 'no-store' });
    return { status: response.status, body: response.ok ? await response.json() : undefined };
  };
  return {
    discover: (typed) => discover(fetchJson, typed),
    logIn,
    register,
    isTokenValid: (baseUrl, token) => inWords(isTokenValid(fetchJson, baseUrl, token)),
    open: (session) => openAccount(session, needs),
  };
};

/** https://spec.matrix.org/latest/client-server-api/#get_matrixclientv1registermloginregistration_tokenvalidity */
const isTokenValid = async (fetchJson: FetchJson, baseUrl: string, token: string): Promise<boolean> => {
  const path = '/_matrix/client/v1/register/m.login.registration_token/validity';
  const { status, body } = await fetchJson(`${baseUrl}${path}?token=${encodeURIComponent(token)}`);
  return status === 200 && (body as { valid?: unknown } | null)?.valid === true;
};
