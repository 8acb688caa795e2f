import { createHash } from 'node:crypto';
import type { PlainRequest, PlainRoute } from '../../http/plain.ts';
import { Reply } from '../../http/reply.ts';
import { MISSING_BUILD, NOT_FOUND, STYLE } from './pages.ts';
import { INDEX, type StaticFile, StaticFiles } from './static-files.ts';

/**
 * Scripts only from here. Homeservers, media and calls may be anywhere, because the log-in screen takes any server's
 * address. WebAssembly is what the encryption library is made of.
 */
const policy = (styles: string) =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src 'self' ${styles}`,
    "img-src 'self' blob: data: https: http:",
    "media-src 'self' blob: https: http:",
    "font-src 'self'",
    'connect-src * ws: wss: blob:',
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** The pages here bring their own few lines of style. */
const ownStyle = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

const SECURITY = {
  'content-security-policy': policy(ownStyle),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(self), display-capture=(self), geolocation=(self)',
};

/** The web client at `/`, from the folder of its build. */
export const webClientRoutes = (folder: string): readonly PlainRoute[] => {
  let opened: StaticFiles | undefined;
  // Looked for again when it is not there, or was built anew: that may happen while the server runs. Nobody gets to the
  // files but through the page, so the page is where to look.
  const files = async ({ path }: PlainRequest): Promise<StaticFiles | undefined> => {
    if (opened && path === '/' && !(await opened.isCurrent())) opened = undefined;
    opened ??= await StaticFiles.open(folder);
    return opened;
  };
  return [
    { resource: 'web_client', name: 'webClient', answer: async (request) => answer(request, await files(request)) },
  ];
};

const answer = async (request: PlainRequest, files: StaticFiles | undefined): Promise<Reply> => {
  if (!files) return page(503, MISSING_BUILD);
  const path = decoded(request.path);
  const found = await files.get(path === '/' ? INDEX : path);
  if (found) return send(found, request);
  // The client's own addresses are behind the `#` of the page; whoever types one without it means the page.
  return isNavigation(request, path) ? new Reply(302, { ...SECURITY, location: '/' }, '') : page(404, NOT_FOUND);
};

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

const isNavigation = ({ headers }: PlainRequest, path: string): boolean =>
  String(headers['accept'] ?? '').includes('text/html') &&
  !path.startsWith('/_') &&
  !path.startsWith('/.well-known') &&
  !/\.[^/]*$/.test(path);

const YEAR = 31_536_000;

const send = ({ type, content, zipped, isHashed }: StaticFile, { headers }: PlainRequest): Reply => {
  const caching = isHashed ? `public, max-age=${YEAR}, immutable` : 'no-cache';
  const common = { ...SECURITY, 'content-type': type, 'cache-control': caching };
  if (!zipped) return new Reply(200, common, content);
  const vary = { ...common, vary: 'Accept-Encoding' };
  const acceptsGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(String(headers['accept-encoding'] ?? ''));
  return acceptsGzip ? new Reply(200, { ...vary, 'content-encoding': 'gzip' }, zipped) : new Reply(200, vary, content);
};

const page = (status: number, html: string): Reply =>
  new Reply(status, { ...SECURITY, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, html);
