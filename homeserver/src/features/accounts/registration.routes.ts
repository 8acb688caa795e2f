import {
  checkUsernameAvailability,
  register,
  registrationTokenValidity,
} from '@holm/spec/client-server/account-management';
import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import { ALLOW, refuse } from '../../core/verdict.ts';
import { type Route, route } from '../../http/route.ts';
import type { UserInteractiveAuth } from '../../http/uia.ts';
import { BY_TOKEN, type Registration } from './registration.service.ts';

export interface RegistrationRoutesDeps {
  readonly registration: Registration;
  readonly uia: UserInteractiveAuth;
  readonly serverName: ServerName;
}

export const registrationRoutes = ({ registration, uia, serverName }: RegistrationRoutesDeps): readonly Route[] => [
  route(register, async ({ body, query }) => {
    if (query.kind === 'guest') throw new MatrixError('M_FORBIDDEN', 'guests are not admitted on this server');
    const flows = await registration.flows();
    const wish = {
      username: body.username,
      password: body.password,
      deviceId: body.device_id,
      displayName: body.initial_device_display_name,
      inhibitLogin: body.inhibit_login,
    };
    await registration.assertPossible(wish);
    const passed = await uia.complete({
      purpose: 'register',
      auth: body.auth,
      flows,
      check: async (stage, data) => {
        if (stage !== BY_TOKEN) return ALLOW;
        const usable = typeof data['token'] === 'string' && (await registration.isUsable(data['token']));
        return usable ? ALLOW : refuse('this registration token is not valid');
      },
    });
    const token = passed.get(BY_TOKEN)?.['token'];
    const made = await registration.register({ ...wish, token: typeof token === 'string' ? token : undefined });
    return {
      user_id: made.userId,
      home_server: serverName,
      ...(made.session && { access_token: made.session.accessToken, device_id: made.session.deviceId }),
    };
  }),

  route(checkUsernameAvailability, async ({ query }) => {
    await registration.assertAvailable(query.username);
    return { available: true };
  }),

  route(registrationTokenValidity, async ({ query }) => {
    await registration.flows(); // M_FORBIDDEN where registration is closed
    return { valid: await registration.isUsable(query.token) };
  }),
];
