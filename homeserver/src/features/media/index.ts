export { Arrivals } from './arrivals.ts';
export { Files } from './files.service.ts';
export { Library } from './library.service.ts';
export { MediaFolder } from './media-folder.ts';
export { mediaRoutes, openMediaRoutes } from './media.routes.ts';
export { mediaTelemetry } from './telemetry.ts';
export { Uploads } from './uploads.service.ts';
