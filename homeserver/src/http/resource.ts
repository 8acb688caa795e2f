import type { Endpoint } from '@holm/spec/endpoint';

/** Parts of what the server offers; each listener serves some of them. */
export type Resource = 'client' | 'federation' | 'media' | 'well_known' | 'web_client' | 'health' | 'metrics';

export const resourceOf = ({ api, path }: Pick<Endpoint, 'api' | 'path'>): Resource => {
  if (path.startsWith('/.well-known/')) return 'well_known';
  if (path.startsWith('/_matrix/media/') || path.startsWith('/_matrix/client/v1/media/')) return 'media';
  return api === 'client-server' ? 'client' : 'federation';
};
