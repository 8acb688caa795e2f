export { webClientRoutes } from './web-client.routes.ts';
