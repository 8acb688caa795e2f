export { turnRoutes } from './turn.routes.ts';
