import { defaultBaseUrl } from '../features/discovery/index.ts';
import { callAddresses, Entrance, OpenIdProofs, rtcTelemetry } from '../features/matrix-rtc/index.ts';
import type { Base } from './base.ts';
import type { CallServices } from './calls.ts';
import type { FeatureServices } from './features.ts';
import type { Federation } from './federation.ts';

interface Parts extends CallServices {
  readonly federation: Federation;
  readonly features: FeatureServices;
}

/** How clients come to calls. */
export const composeMatrixRtc = (base: Base, { calls, whoMayCall, federation, features }: Parts) => {
  const { config, metrics, urls } = base;
  const addresses = () => callAddresses(config.public_base_url ?? defaultBaseUrl(config.server_name, urls()));
  const proofs = new OpenIdProofs({
    ...base,
    openId: features.openId,
    client: federation.client,
    admitsServer: (server, roomId) => whoMayCall.admitsServer(server, roomId),
  });
  const entrance = new Entrance({
    ...base,
    ...rtcTelemetry(metrics),
    calls,
    proofs,
    othersMaySend: config.calls.users_of_other_servers_may_send,
  });
  return { addresses, entrance };
};

export type RtcServices = ReturnType<typeof composeMatrixRtc>;
