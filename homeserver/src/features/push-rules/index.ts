export { pushRulesRoutes } from './push-rules.routes.ts';
export { PushRules } from './push-rules.service.ts';
export { pushRulesContent } from './ruleset.ts';
