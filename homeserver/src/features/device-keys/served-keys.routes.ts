import { claimUserEncryptionKeys, getUserDevices, queryUserEncryptionKeys } from '@holm/spec/server-server/user-keys';
import { MatrixError } from '@holm/spec/errors';
import { type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import { type Route, route } from '../../http/route.ts';
import type { KeyClaims } from './key-claims.service.ts';
import type { KeyQueries } from './key-queries.service.ts';
import type { PublishedKeys } from './published-keys.service.ts';

export interface ServedKeysDeps {
  readonly serverName: ServerName;
  readonly users: { exists(userId: UserId): Promise<boolean> };
  readonly queries: KeyQueries;
  readonly claims: KeyClaims;
  readonly published: PublishedKeys;
}

/** What other servers ask of our users' keys. Names of devices are nobody else's affair. */
export const servedKeysRoutes = ({
  serverName,
  users,
  queries,
  claims,
  published,
}: ServedKeysDeps): readonly Route[] => [
  route(queryUserEncryptionKeys, ({ body }) => queries.serve(body.device_keys)),

  route(claimUserEncryptionKeys, ({ body }) => claims.serve(body.one_time_keys)),

  route(getUserDevices, async ({ params: { userId } }) => {
    if (serverOf(userId) !== serverName || !(await users.exists(userId))) {
      throw new MatrixError('M_NOT_FOUND', 'there is no such user here');
    }
    const { streamId, published: keys } = await published.ofUser(userId);
    const [master, selfSigning] = [keys?.identity.get('master'), keys?.identity.get('self_signing')];
    return {
      user_id: userId,
      stream_id: streamId,
      devices: [...(keys?.devices ?? [])].map(([device, { keys: own }]) => ({ device_id: device, keys: own })),
      ...(master && { master_key: master }),
      ...(selfSigning && { self_signing_key: selfSigning }),
    };
  }),
];
