import { fileURLToPath } from 'node:url';
import { roomVersions } from '../core/rooms/room-version.ts';
import { accountDataRoutes, tagsRoutes } from '../features/account-data/index.ts';
import { accountsRoutes, registrationRoutes, sharedSecretRoutes } from '../features/accounts/index.ts';
import { authFallbackRoutes } from '../features/auth-fallback/index.ts';
import { aliasesRoutes } from '../features/aliases/index.ts';
import { delayedEventsRoutes, delaysByQuery } from '../features/delayed-events/index.ts';
import { deviceKeysRoutes, servedKeysRoutes } from '../features/device-keys/index.ts';
import { devicesRoutes } from '../features/devices/index.ts';
import { defaultBaseUrl, discoveryRoutes } from '../features/discovery/index.ts';
import { filtersRoutes } from '../features/filters/index.ts';
import { type Check, healthRoutes } from '../features/health/index.ts';
import { keyBackupRoutes } from '../features/key-backup/index.ts';
import { mediaAdministrationRoutes, mediaRoutes, openMediaRoutes, servedMediaRoutes } from '../features/media/index.ts';
import { membershipRoutes } from '../features/membership/index.ts';
import { notificationsRoutes } from '../features/notifications/index.ts';
import {
  livekitRoutes,
  servedLivekitRoutes,
  tokenServiceRoutes,
  transportsRoutes,
  wellKnownFoci,
} from '../features/matrix-rtc/index.ts';
import { openIdRoutes } from '../features/openid/index.ts';
import { policyServerRoutes } from '../features/policy-server/index.ts';
import { presenceRoutes, showingActivity } from '../features/presence/index.ts';
import { profilesRoutes } from '../features/profiles/index.ts';
import { pushRulesRoutes } from '../features/push-rules/index.ts';
import { publicRoomsRoutes, publishedRoomsRoutes } from '../features/public-rooms/index.ts';
import { receiptsRoutes } from '../features/receipts/index.ts';
import { relationsRoutes } from '../features/relations/index.ts';
import { remoteMembershipRoutes } from '../features/remote-membership/index.ts';
import { roomAdministrationRoutes } from '../features/room-administration/index.ts';
import { roomCreationRoutes } from '../features/room-creation/index.ts';
import { roomEventsRoutes } from '../features/room-events/index.ts';
import { roomExchangeRoutes } from '../features/room-exchange/index.ts';
import { roomHistoryRoutes } from '../features/room-history/index.ts';
import { roomStateRoutes } from '../features/room-state/index.ts';
import { roomSummariesRoutes } from '../features/room-summaries/index.ts';
import { roomUpgradesRoutes } from '../features/room-upgrades/index.ts';
import { thirdPartyInvitesRoutes } from '../features/third-party-invites/index.ts';
import { servedSpacesRoutes, spacesRoutes } from '../features/spaces/index.ts';
import { threadSubscriptionsRoutes } from '../features/thread-subscriptions/index.ts';
import { slidingSyncRoutes, syncRoutes } from '../features/sync/index.ts';
import { toDeviceRoutes } from '../features/to-device/index.ts';
import { turnRoutes } from '../features/turn/index.ts';
import { typingRoutes } from '../features/typing/index.ts';
import { urlPreviewsRoutes } from '../features/url-previews/index.ts';
import { userDirectoryRoutes } from '../features/user-directory/index.ts';
import { webClientRoutes } from '../features/web-client/index.ts';
import { inboxRoutes } from '../federation/inbox/inbox.routes.ts';
import { keysRoutes } from '../federation/keyring/keys.routes.ts';
import type { ServerConfig } from '../config/schema.ts';
import type { PlainRoute } from '../http/plain.ts';
import type { RateLimits } from '../http/rate-limit.ts';
import type { Route } from '../http/route.ts';
import { WEBSOCKET } from '@holm/spec/extensions/websocket-wire';
import { networkOf } from '../platform/address.ts';
import { VERSION } from '../version.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { DelayedServices } from './delayed.ts';
import type { EncryptionServices } from './encryption.ts';
import type { EphemeralServices } from './ephemeral.ts';
import type { FeatureServices } from './features.ts';
import type { Federation } from './federation.ts';
import type { MediaServices } from './media.ts';
import type { RtcServices } from './matrix-rtc.ts';
import type { NotificationServices } from './notifications.ts';
import type { PresenceServices } from './presence.ts';
import type { RoomServices } from './rooms.ts';
import type { SyncServices } from './sync.ts';
import type { Upkeep } from './upkeep.ts';

export interface Services {
  readonly federation: Federation;
  readonly rooms: RoomServices;
  readonly accounts: AccountServices;
  readonly features: FeatureServices;
  readonly delaying: DelayedServices;
  readonly ephemeral: EphemeralServices;
  readonly encryption: EncryptionServices;
  readonly notifying: NotificationServices;
  readonly presence: PresenceServices;
  readonly syncing: SyncServices;
  readonly upkeep: Upkeep;
  readonly media: MediaServices;
  /** Where calls are on. */
  readonly rtc: RtcServices | undefined;
  readonly rateLimits: RateLimits;
}

/** Every operation of Matrix that this server answers. */
export const matrixRoutes = (base: Base, services: Services): readonly Route[] => [
  ...discovery(base, services),
  ...accountRoutes(base, services),
  ...encryptionRoutes(services),
  ...presenceRoutes(services.presence, base.clock),
  ...roomRoutes(services),
  ...directoryRoutes(base, services),
  ...mediaRoutes(services.media),
  ...openMediaRoutes(services.media),
  ...urlPreviewsRoutes(services.media.previews),
  ...mediaAdministrationRoutes(services.media.administration),
  ...turnRoutes({ settings: base.config.turn, clock: base.clock }),
  ...(services.rtc ? rtcRoutes(services.rtc, services.federation.settings.enabled) : []),
  ...(services.federation.settings.enabled ? federationRoutes(base, services) : []),
];

const discovery = ({ config, urls }: Base, { rooms, rtc }: Services): readonly Route[] =>
  discoveryRoutes({
    policyServerKey: rooms.engine.ownPolicy?.key.publicKey ?? config.well_known.policy_server_key,
    publicBaseUrl: () => config.public_base_url ?? defaultBaseUrl(config.server_name, urls()),
    wellKnown: config.well_known,
    ...(rtc && { wellKnownClient: () => wellKnownFoci(rtc.addresses()) }),
    program: { name: 'Holm', version: VERSION },
    roomVersions: {
      default: config.rooms.default_version,
      available: Object.fromEntries(roomVersions.map(({ id, stable }) => [id, stable ? 'stable' : 'unstable'])),
    },
    ...abilities(config),
  });

/** What clients are told of delayed events, with limits of 0 where there are none, and of forgetting. */
const abilities = ({ delayed_events: delayed, rooms, websockets, calls }: ServerConfig) => {
  const { max_delay_ms: maxDelay, max_scheduled_per_user: perUser } = delayed;
  const isOn = maxDelay > 0;
  const limits = { max_delay_ms: maxDelay, max_scheduled: isOn ? perUser : 0 };
  return {
    capabilities: {
      'm.delayed_events': limits,
      'org.matrix.msc4140.delayed_events': limits,
      'm.forget_forced_upon_leave': { enabled: rooms.forget_on_leave },
    },
    unstableFeatures: {
      'org.matrix.msc4140': isOn,
      'org.matrix.msc4140.stable': isOn,
      'org.matrix.msc4143': calls.enabled,
      [WEBSOCKET.feature]: websockets.enabled,
    },
  };
};

const accountRoutes = ({ serverName }: Base, { accounts, features }: Services): readonly Route[] => [
  ...accountsRoutes({ ...accounts, serverName }),
  ...registrationRoutes({ ...accounts, serverName }),
  ...authFallbackRoutes(accounts.uia),
  ...(accounts.sharedSecret
    ? sharedSecretRoutes(accounts.sharedSecret, {
        ...accounts,
        serverName,
        setDisplayName: (userId, name) => features.profiles.set(userId, 'displayname', name),
      })
    : []),
  ...devicesRoutes(accounts.devices),
  ...profilesRoutes(features.profiles),
  ...filtersRoutes(accounts.filters),
  ...accountDataRoutes(accounts.accountData),
  ...tagsRoutes(accounts.tags),
  ...pushRulesRoutes(accounts.pushRules),
];

const encryptionRoutes = ({ encryption, syncing }: Services): readonly Route[] => [
  ...toDeviceRoutes(encryption.toDevice),
  ...keyBackupRoutes(encryption.backups),
  ...deviceKeysRoutes({ ...encryption, changes: (caller, from, to) => syncing.sync.deviceLists(caller, from, to) }),
];

const rtcRoutes = (rtc: RtcServices, isFederating: boolean): readonly Route[] => [
  ...transportsRoutes(rtc.addresses),
  ...tokenServiceRoutes(rtc),
  ...livekitRoutes(rtc),
  ...(isFederating ? servedLivekitRoutes(rtc) : []),
];

const roomRoutes = ({
  accounts,
  features,
  delaying,
  ephemeral,
  notifying,
  presence,
  syncing,
  upkeep,
}: Services): readonly Route[] => [
  ...aliasesRoutes(features.aliases),
  ...showingActivity(presence, [
    ...roomCreationRoutes(features.creation),
    ...roomUpgradesRoutes(features.upgrades),
    ...membershipRoutes(features),
    ...roomEventsRoutes(features.sending, delaysByQuery(delaying.delayed)),
    ...receiptsRoutes(ephemeral.receipts, ephemeral.readMarkers),
    ...typingRoutes(ephemeral.typing),
  ]),
  ...delayedEventsRoutes(delaying.delayed),
  ...roomStateRoutes(features.state),
  ...roomHistoryRoutes(features.history, features.dates),
  ...relationsRoutes(features),
  ...threadSubscriptionsRoutes(notifying.threads, syncing.threadsPlaceIn),
  ...notificationsRoutes(notifying.notifications),
  ...syncRoutes(syncing.sync, accounts.filters),
  ...slidingSyncRoutes(syncing.sliding),
  ...roomAdministrationRoutes(upkeep.administration),
];

const directoryRoutes = ({ config, serverName }: Base, { federation, features }: Services): readonly Route[] => {
  const deps = { ...features, serverName, settings: config.directory };
  return [
    ...publicRoomsRoutes(deps),
    ...spacesRoutes(features.hierarchy),
    ...roomSummariesRoutes(features.previews),
    ...userDirectoryRoutes(features),
    ...openIdRoutes(features.openId, serverName),
    ...(federation.settings.enabled
      ? [...publishedRoomsRoutes(deps), ...servedSpacesRoutes(features.servedHierarchies)]
      : []),
  ];
};

const federationRoutes = (
  { serverName, clock, entropy }: Base,
  { accounts, encryption, federation, rooms, features, media, rateLimits }: Services,
): readonly Route[] => [
  ...keysRoutes(federation.notary),
  ...inboxRoutes(rooms.inbox),
  ...servedKeysRoutes({ ...encryption, users: accounts.accounts, serverName }),
  ...roomExchangeRoutes(features, serverName, clock),
  ...remoteMembershipRoutes(features, serverName),
  ...policyServerRoutes(features.policyServer),
  ...servedMediaRoutes({ ...media, serverName, entropy }),
  ...thirdPartyInvitesRoutes(features.redemption, (address, cost) =>
    rateLimits.take('invite', networkOf(address), cost),
  ),
];

const CLIENT_BUILD = fileURLToPath(new URL('../../../client/dist', import.meta.url));

/** What is no operation of Matrix: the web client, and how the server is. */
export const plainRoutes = (base: Base, checks: readonly Check[]): readonly PlainRoute[] => [
  ...healthRoutes({ ...base, checks }),
  ...webClientRoutes(CLIENT_BUILD),
];
