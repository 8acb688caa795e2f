import type { RoomId, ServerName } from '@holm/spec/ids';
import type { CallMember } from '../features/calls/index.ts';
import { defaultBaseUrl } from '../features/discovery/index.ts';
import {
  callAddresses,
  Delegations,
  Entrance,
  OpenIdProofs,
  RemoteEntrance,
  rtcTelemetry,
} from '../features/matrix-rtc/index.ts';
import type { Base } from './base.ts';
import type { CallServices } from './calls.ts';
import type { DelayedServices } from './delayed.ts';
import type { FeatureServices } from './features.ts';
import type { Federation } from './federation.ts';

interface Parts extends CallServices {
  readonly federation: Federation;
  readonly features: FeatureServices;
  readonly delaying: DelayedServices;
}

/** How clients come to calls. */
export const composeMatrixRtc = (base: Base, { calls, whoMayCall, federation, features, delaying }: Parts) => {
  const { config, metrics, serverName, urls } = base;
  const addresses = () => callAddresses(config.public_base_url ?? defaultBaseUrl(config.server_name, urls()));
  const delegations = new Delegations({
    ...base,
    log: base.log.with({ area: 'calls' }),
    delayed: delaying.delayed,
    isIn: (call, who) => calls.isIn(call, who),
  });
  const asking = {
    client: federation.client,
    admits: (member: CallMember) => whoMayCall.admits(member),
    admitsServer: (server: ServerName, roomId: RoomId) => whoMayCall.admitsServer(server, roomId),
  };
  const entrance = new Entrance({
    ...base,
    ...asking,
    ...rtcTelemetry(metrics, () => delegations.size),
    tokens: {
      mint(grant) {
        calls.expect();
        return calls.tokens.mint(grant);
      },
    },
    proofs: new OpenIdProofs({ ...base, ...asking, openId: features.openId }),
    addresses,
    othersMaySend: config.calls.users_of_other_servers_may_send,
  });
  return { serverName, addresses, entrance, remoteEntrance: new RemoteEntrance(asking), delegations };
};

export type RtcServices = ReturnType<typeof composeMatrixRtc>;
