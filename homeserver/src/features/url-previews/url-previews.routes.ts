import { getUrlPreview, getUrlPreviewAuthed } from '@holm/spec/client-server/media';
import { type Route, route } from '../../http/route.ts';
import type { UrlPreviews } from './url-previews.service.ts';

export const urlPreviewsRoutes = (previews: UrlPreviews): readonly Route[] =>
  [getUrlPreviewAuthed, getUrlPreview].map((endpoint) => route(endpoint, ({ query }) => previews.of(query.url)));
