import { getCapabilities } from '@holm/spec/client-server/capabilities';
import {
  getVersions,
  getWellknown,
  getWellknownPolicy,
  getWellknownSupport,
} from '@holm/spec/client-server/server-administration';
import { MatrixError } from '@holm/spec/errors';
import type { JsonObject } from '@holm/spec/json';
import { queryInfo } from '@holm/spec/server-server/queries';
import { getVersion, getWellKnown } from '@holm/spec/server-server/discovery';
import { type Route, route } from '../../http/route.ts';
import { type WellKnownSettings, supportOf } from './well-known.ts';
import { SPEC_VERSIONS, UNSTABLE_FEATURES } from './versions.ts';

export interface DiscoveryDeps {
  /** Where clients reach this server. Asked for each time: with port 0 it is known only once the server listens. */
  readonly publicBaseUrl: () => string;
  readonly wellKnown: WellKnownSettings;
  /** Public Ed25519 key, unpadded base64, of the policy server of this name. */
  readonly policyServerKey?: string | undefined;
  readonly program: { readonly name: string; readonly version: string };
  readonly roomVersions: {
    readonly default: string;
    readonly available: Readonly<Record<string, 'stable' | 'unstable'>>;
  };
  /** What this server can do besides; other features contribute. */
  readonly capabilities?: JsonObject;
  readonly unstableFeatures?: Readonly<Record<string, boolean>>;
  /** What `/.well-known/matrix/client` tells besides. What is configured goes before. */
  readonly wellKnownClient?: () => JsonObject;
}

export const discoveryRoutes = (deps: DiscoveryDeps): readonly Route[] => {
  const { wellKnown, program, roomVersions, publicBaseUrl, capabilities = {}, unstableFeatures = {} } = deps;
  const { wellKnownClient = () => ({}) } = deps;
  const support = supportOf(wellKnown);
  return [
    route(getVersions, () =>
      Promise.resolve({
        versions: [...SPEC_VERSIONS],
        unstable_features: { ...UNSTABLE_FEATURES, ...unstableFeatures },
      }),
    ),

    route(getCapabilities, () =>
      Promise.resolve({
        capabilities: {
          'm.room_versions': { default: roomVersions.default, available: { ...roomVersions.available } },
          'm.change_password': { enabled: true },
          'm.set_displayname': { enabled: true },
          'm.set_avatar_url': { enabled: true },
          'm.profile_fields': { enabled: true },
          'm.3pid_changes': { enabled: false },
          'm.get_login_token': { enabled: false },
          ...capabilities,
        },
      }),
    ),

    route(getWellknown, () =>
      Promise.resolve({ ...wellKnownClient(), ...wellKnown.client, 'm.homeserver': { base_url: publicBaseUrl() } }),
    ),

    route(getWellknownSupport, () => present(support)),

    route(getWellknownPolicy, () => {
      const { policyServerKey: key } = deps;
      return present(key === undefined ? undefined : { public_keys: { ed25519: key } });
    }),

    route(getWellKnown, () => present(wellKnown.server === undefined ? undefined : { 'm.server': wellKnown.server })),

    route(queryInfo, ({ params }) => {
      throw new MatrixError('M_UNRECOGNIZED', `there are no queries of the type ${params.queryType}`);
    }),

    route(getVersion, () => Promise.resolve({ server: { ...program } })),
  ];
};

const present = <T>(value: T | undefined): Promise<T> =>
  value === undefined
    ? Promise.reject(new MatrixError('M_NOT_FOUND', 'nothing is configured here'))
    : Promise.resolve(value);
