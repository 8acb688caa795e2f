export { Relations, type RelationsDeps } from './relations.service.ts';
export { relationsRoutes } from './relations.routes.ts';
export { Threads } from './threads.service.ts';
