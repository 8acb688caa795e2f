export { mediaWorkerStatus, type MediaWorkerStatus } from './media-worker.ts';
export { type CallGrant, type CallMember, CallTokens, type TokenRefusal } from './tokens.ts';
export { loadCallSecret } from './secret.ts';
