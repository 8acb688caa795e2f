export type { Check } from './checks.ts';
export { type HealthDeps, healthRoutes } from './health.routes.ts';
