import type { HeaderList } from './deliver.ts';

const STARTS = ['/_matrix/', '/.well-known/matrix/', '/livekit/jwt/', '/_synapse/', '/_holm/admin/'];

/** Where operations live, Matrix' own and those like them; everything else is pages. */
export const isMatrixPath = (path: string): boolean => STARTS.some((start) => path.startsWith(start));

/** https://spec.matrix.org/latest/client-server-api/#web-browser-clients, and what rendezvous sessions need besides. */
export const corsOf = (method: string): HeaderList => (method === 'OPTIONS' ? PREFLIGHT : CORS);

const CORS: HeaderList = [
  ...['Access-Control-Allow-Origin', '*'],
  ...['Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE, OPTIONS'],
  ...['Access-Control-Allow-Headers', 'X-Requested-With, Content-Type, Authorization, If-Match, If-None-Match'],
  ...['Access-Control-Expose-Headers', 'ETag, Retry-After, X-Request-Id'],
];
const PREFLIGHT: HeaderList = [...CORS, 'Access-Control-Max-Age', '86400'];
