export { openIdRoutes } from './openid.routes.ts';
export { OpenId } from './openid.service.ts';
