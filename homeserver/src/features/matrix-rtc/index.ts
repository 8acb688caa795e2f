export { callAddresses } from './addresses.ts';
export { Delegations } from './delegations.service.ts';
export { Entrance } from './entrance.service.ts';
export { livekitRoutes, servedLivekitRoutes } from './livekit.routes.ts';
export { OpenIdProofs } from './open-id-proofs.service.ts';
export { RemoteEntrance } from './remote-entrance.service.ts';
export { rtcTelemetry } from './telemetry.ts';
export { tokenServiceRoutes } from './token-service.routes.ts';
export { transportsRoutes, wellKnownFoci } from './transports.routes.ts';
