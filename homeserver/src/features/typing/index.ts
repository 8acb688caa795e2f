export { typingRoutes } from './typing.routes.ts';
export { Typing } from './typing.service.ts';
export { typingPart } from './typing.sync.ts';
