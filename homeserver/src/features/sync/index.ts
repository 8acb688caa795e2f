export { Following, type NextUpdate, type Update } from './following.service.ts';
export { Poll } from './poll.service.ts';
export type { Answer } from './responses.sync.ts';
export type { Inviters } from './sections.ts';
export { createSliding, type Sliding } from './sliding/create-sliding.ts';
export { slidingSyncRoutes } from './sliding/sliding.routes.ts';
export { syncRoutes } from './sync.routes.ts';
export { Sync, type SyncDeps, type SyncRequest } from './sync.service.ts';
