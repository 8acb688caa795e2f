import {
  claimKeys,
  getKeysChanges,
  queryKeys,
  uploadCrossSigningKeys,
  uploadCrossSigningSignatures,
  uploadKeys,
} from '@holm/spec/client-server/device-keys';
import type { DeviceListNews } from '../../streams/sync-part.ts';
import type { Caller } from '../../http/route.ts';
import { type Route, route } from '../../http/route.ts';
import type { CrossSigning } from './cross-signing.service.ts';
import type { KeyClaims } from './key-claims.service.ts';
import type { KeyQueries } from './key-queries.service.ts';
import type { KeyUploads } from './key-uploads.service.ts';
import type { Signatures } from './signatures.service.ts';

export interface DeviceKeysRoutesDeps {
  readonly uploads: KeyUploads;
  readonly queries: KeyQueries;
  readonly claims: KeyClaims;
  readonly crossSigning: CrossSigning;
  readonly signatures: Signatures;
  /** Whose keys changed between two sync tokens. */
  readonly changes: (caller: Caller, from: string, to: string) => Promise<DeviceListNews>;
}

export const deviceKeysRoutes = (deps: DeviceKeysRoutesDeps): readonly Route[] => [
  route(uploadKeys, async ({ body, caller }) => ({
    one_time_key_counts: await deps.uploads.upload(caller, {
      deviceKeys: body.device_keys,
      oneTimeKeys: body.one_time_keys ?? {},
      fallbackKeys: body.fallback_keys ?? {},
    }),
  })),

  route(queryKeys, ({ body, caller }) => deps.queries.query(caller.userId, body.device_keys, body.timeout)),

  route(claimKeys, ({ body }) => deps.claims.claim(body.one_time_keys, body.timeout)),

  route(getKeysChanges, async ({ caller, query }) => {
    const { changed, left } = await deps.changes(caller, query.from, query.to);
    return { changed: changed.slice(), left: left.slice() };
  }),

  route(uploadCrossSigningKeys, async ({ body, caller }) => {
    const { master_key: master, self_signing_key, user_signing_key } = body;
    await deps.crossSigning.upload(
      caller,
      { master, self_signing: self_signing_key, user_signing: user_signing_key },
      body.auth,
    );
    return {};
  }),

  route(uploadCrossSigningSignatures, async ({ body, caller }) => ({
    failures: await deps.signatures.upload(caller.userId, body),
  })),
];
