export { urlPreviewsRoutes } from './url-previews.routes.ts';
export { UrlPreviews } from './url-previews.service.ts';
