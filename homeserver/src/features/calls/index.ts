export { callsRoutes } from './calls.routes.ts';
export { Calls, SIGNALLING_PATH } from './calls.service.ts';
export { announcedOf, isHidden, type MediaAddresses, ownAddresses } from './media/addresses.ts';
export { mediaWorkerStatus, type MediaWorkerStatus } from './media-worker.ts';
export { type CallGrant, type CallMember, CallTokens, type TokenRefusal } from './tokens.ts';
export { WhoMayCall } from './who-may-call.service.ts';
