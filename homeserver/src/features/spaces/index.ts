export { Hierarchy } from './hierarchy.service.ts';
export { ServedHierarchies } from './served-hierarchy.service.ts';
export { servedSpacesRoutes, spacesRoutes } from './spaces.routes.ts';
