export { type CallAddresses, callAddresses } from './addresses.ts';
export { Entrance } from './entrance.service.ts';
export { OpenIdProofs } from './open-id-proofs.service.ts';
export { rtcTelemetry } from './telemetry.ts';
export { tokenServiceRoutes } from './token-service.routes.ts';
export { transportsRoutes, wellKnownFoci } from './transports.routes.ts';
