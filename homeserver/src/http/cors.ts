import type { Context } from 'koa';

const STARTS = ['/_matrix/', '/.well-known/matrix/', '/livekit/jwt/', '/_synapse/', '/_holm/admin/'];

/** Where operations live, Matrix' own and those like them; everything else is pages. */
export const isMatrixPath = (path: string): boolean => STARTS.some((start) => path.startsWith(start));

/** https://spec.matrix.org/latest/client-server-api/#web-browser-clients, and what rendezvous sessions need besides. */
export const setCors = ({ res, method }: Context): void => {
  res.setHeader('Access-Control-Allow-Origin', '*');
  res.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE, OPTIONS');
  res.setHeader(
    'Access-Control-Allow-Headers',
    'X-Requested-With, Content-Type, Authorization, If-Match, If-None-Match',
  );
  res.setHeader('Access-Control-Expose-Headers', 'ETag, Retry-After, X-Request-Id');
  if (method === 'OPTIONS') res.setHeader('Access-Control-Max-Age', '86400');
};
