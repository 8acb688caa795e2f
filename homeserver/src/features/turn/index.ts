export { turnRoutes } from './turn.routes.ts';
export { turnCredentials } from './turn-credentials.ts';
