export { authFallbackRoutes } from './auth-fallback.routes.ts';
