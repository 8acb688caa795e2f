import { requestOpenIdToken } from '@holm/spec/client-server/openid';
import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import { exchangeOpenIdToken } from '@holm/spec/server-server/openid';
import { type Route, route } from '../../http/route.ts';
import { LIFETIME_SECONDS, type OpenId } from './openid.service.ts';

export const openIdRoutes = (openId: OpenId, serverName: ServerName): readonly Route[] => [
  route(requestOpenIdToken, async ({ caller, params }) => {
    if (caller.userId !== params.userId) throw new MatrixError('M_FORBIDDEN', 'you are somebody else');
    return {
      access_token: await openId.issue(caller),
      token_type: 'Bearer' as const,
      matrix_server_name: serverName,
      expires_in: LIFETIME_SECONDS,
    };
  }),

  // Services ask this of servers that are in no federation, too.
  route(exchangeOpenIdToken, async ({ query }) => ({ sub: await openId.userOf(query.access_token) })),
];
