export { type DiscoveryDeps, discoveryRoutes } from './discovery.routes.ts';
export { defaultBaseUrl } from './well-known.ts';
