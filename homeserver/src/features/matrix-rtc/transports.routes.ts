import { getRtcTransports, getRtcTransportsUnstable } from '@holm/spec/extensions/matrix-rtc';
import { type Route, route } from '../../http/route.ts';
import type { CallAddresses } from './addresses.ts';

/** Each generation of clients looks for its own name of the address, and of the type. */
const transport = (type: string, { service, sfu }: CallAddresses) => ({
  type,
  url: sfu,
  livekit_service_url: service,
});

export const transportsRoutes = (addresses: () => CallAddresses): readonly Route[] => [
  route(getRtcTransports, () => Promise.resolve({ transports: [transport('m.livekit', addresses())] })),

  route(getRtcTransportsUnstable, () => Promise.resolve({ rtc_transports: [transport('livekit', addresses())] })),
];

/** For clients that read `/.well-known/matrix/client`, as the first drafts had it. */
export const wellKnownFoci = ({ service }: CallAddresses) => ({
  'org.matrix.msc4143.rtc_foci': [{ type: 'livekit', livekit_service_url: service }],
});
