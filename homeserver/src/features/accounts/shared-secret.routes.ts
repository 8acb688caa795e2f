import { getRegistrationNonce, registerWithSharedSecret } from '@holm/spec/extensions/shared-secret-registration';
import type { ServerName, UserId } from '@holm/spec/ids';
import { type Route, route } from '../../http/route.ts';
import type { Accounts } from './accounts.service.ts';
import type { SharedSecretRegistration } from './shared-secret.service.ts';

export interface SharedSecretRoutesDeps {
  readonly accounts: Pick<Accounts, 'logIn'>;
  readonly serverName: ServerName;
  readonly setDisplayName: (userId: UserId, name: string) => Promise<void>;
}

/** Mounted only where a shared secret is configured. */
export const sharedSecretRoutes = (
  registration: SharedSecretRegistration,
  { accounts, serverName, setDisplayName }: SharedSecretRoutesDeps,
): readonly Route[] => [
  route(getRegistrationNonce, () => Promise.resolve({ nonce: registration.nonce() })),

  route(registerWithSharedSecret, async ({ body }) => {
    const { nonce, username, password, mac } = body;
    const userId = await registration.register({
      nonce,
      username,
      password,
      mac,
      admin: body.admin ?? false,
      userType: body.user_type,
    });
    if (body.displayname !== undefined) await setDisplayName(userId, body.displayname);
    if (body.inhibit_login) return { user_id: userId, home_server: serverName };
    const { accessToken, deviceId } = await accounts.logIn({ user: userId, password });
    return { user_id: userId, home_server: serverName, access_token: accessToken, device_id: deviceId };
  }),
];
