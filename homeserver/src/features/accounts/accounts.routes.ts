import { changePassword, deactivateAccount, getTokenOwner } from '@holm/spec/client-server/account-management';
import { getLoginFlows, login, logout, logoutAll } from '@holm/spec/client-server/session-management';
import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import { type Route, route } from '../../http/route.ts';
import type { Accounts } from './accounts.service.ts';
import { userOf } from './password-stage.ts';
import type { Reauthentication } from './reauthentication.service.ts';
import type { Sessions } from './sessions.service.ts';

export interface AccountsRoutesDeps {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly reauthentication: Reauthentication;
  readonly serverName: ServerName;
}

const PASSWORD = 'm.login.password';
const KNOWN_IDENTIFIERS = new Set(['m.id.user', 'm.id.thirdparty', 'm.id.phone']);

export const accountsRoutes = (deps: AccountsRoutesDeps): readonly Route[] => [
  ...sessionRoutes(deps),
  ...accountRoutes(deps),
];

const sessionRoutes = ({ accounts, sessions, serverName }: AccountsRoutesDeps): readonly Route[] => [
  route(getLoginFlows, () => Promise.resolve({ flows: [{ type: PASSWORD }] })),

  route(login, async ({ body }) => {
    if (body.type !== PASSWORD) throw new MatrixError('M_UNKNOWN', 'this login type is not offered', { status: 400 });
    if (body.identifier && !KNOWN_IDENTIFIERS.has(body.identifier.type)) {
      throw new MatrixError('M_UNKNOWN', 'this type of identifier is not known', { status: 400 });
    }
    if (body.password === undefined) throw new MatrixError('M_MISSING_PARAM', 'a password is missing');
    const user = userOf(body);
    if (user === undefined && (!body.identifier || body.identifier.type === 'm.id.user')) {
      throw new MatrixError('M_MISSING_PARAM', 'it is not said who logs in');
    }
    const { accessToken, deviceId, userId } = await accounts.logIn({
      // Nobody has an email address or a telephone here: an unknown one is refused as an unknown name is.
      user: user ?? '',
      password: body.password,
      deviceId: body.device_id,
      displayName: body.initial_device_display_name,
    });
    return { user_id: userId, home_server: serverName, access_token: accessToken, device_id: deviceId };
  }),

  route(logout, async ({ caller }) => {
    await sessions.end(caller.userId, [caller.deviceId]);
    return {};
  }),

  route(logoutAll, async ({ caller }) => {
    await sessions.endAll(caller.userId);
    return {};
  }),
];

const accountRoutes = ({ accounts, reauthentication }: AccountsRoutesDeps): readonly Route[] => [
  route(getTokenOwner, ({ caller }) =>
    Promise.resolve({ user_id: caller.userId, device_id: caller.deviceId, is_guest: false }),
  ),

  route(changePassword, async ({ body, caller }) => {
    await reauthentication.demand(caller, 'changePassword', body.auth);
    await accounts.changePassword(caller, body.new_password, body.logout_devices ?? true);
    return {};
  }),

  route(deactivateAccount, async ({ body, caller }) => {
    await reauthentication.demand(caller, 'deactivateAccount', body.auth);
    await accounts.deactivate(caller.userId, body.erase ?? false);
    // Nothing was ever bound to an identity server from here.
    return { id_server_unbind_result: 'success' as const };
  }),
];
