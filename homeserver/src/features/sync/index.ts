export { syncRoutes } from './sync.routes.ts';
export { Sync, type SyncDeps, type SyncRequest } from './sync.service.ts';
