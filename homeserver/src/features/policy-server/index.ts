export { policyServerRoutes } from './policy-server.routes.ts';
export { PolicyServer } from './policy-server.service.ts';
