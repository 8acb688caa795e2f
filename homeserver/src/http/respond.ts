import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';
import { MatrixError } from '@holm/spec/errors';
import { InvalidIdError } from '@holm/spec/ids';
import type { Context } from 'koa';
import { UnreadBodyError } from './body.ts';
import { PIECE, piecesOf } from './pieces.ts';
import { Reply } from './reply.ts';

const compress = promisify(gzip);
const FAST = { level: constants.Z_BEST_SPEED };

/** To zip costs 0.15 ms at any size up to 20 kB, as much as three small requests; here it begins to save a packet or two. */
const GZIP_FROM_BYTES = 4096;
const COMPRESSIBLE = /^(?:application\/json|text\/)/;

/** Sends a handler's result: a `Reply` as it is, anything else as JSON. */
export const respond = (ctx: Context, result: unknown): Promise<void> | undefined => {
  if (result instanceof Reply) {
    ctx.status = result.status;
    ctx.set(result.headers);
    return send(ctx, result.body, result.headers['content-type'] ?? 'application/octet-stream');
  }
  ctx.status = 200;
  return send(ctx, JSON.stringify(result ?? {}), 'application/json');
};

const send = (ctx: Context, body: Reply['body'], type: string): Promise<void> | undefined => {
  ctx.set('Content-Type', type);
  const isLong = typeof body === 'string' && body.length > PIECE;
  const sent = isLong ? Readable.from(piecesOf(body), { highWaterMark: 2 }) : body;
  if (isWorthZipping(ctx, sent, type)) return zip(ctx, sent);
  ctx.body = sent;
  return undefined;
};

const isWorthZipping = (ctx: Context, body: Reply['body'], type: string): boolean => {
  if (!COMPRESSIBLE.test(type)) return false;
  // Of a file it is known how long it is. Whatever else comes bit by bit is long.
  const isLarge = body instanceof Readable ? !ctx.res.hasHeader('Content-Length') : body.length >= GZIP_FROM_BYTES;
  if (!isLarge) return false;
  ctx.vary('Accept-Encoding');
  return !ctx.res.hasHeader('Content-Encoding') && ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
};

const zip = async (ctx: Context, body: Reply['body']): Promise<void> => {
  ctx.set('Content-Encoding', 'gzip');
  ctx.body = body instanceof Readable ? zipping(body) : await compress(body, FAST);
};

const zipping = (body: Readable): Readable => {
  const gzipped = createGzip(FAST);
  // Koa reports what becomes of the last of them.
  pipeline(body, gzipped, () => undefined);
  return gzipped;
};

/** The error that a failure is to the client; `undefined` where it is a bug of ours. */
export const knownError = (error: unknown): MatrixError | undefined => {
  if (error instanceof MatrixError) return error;
  return error instanceof InvalidIdError ? new MatrixError('M_INVALID_PARAM', error.message) : undefined;
};

/** Sends a failure. Returns true for one that somebody should look at. */
export const respondError = (ctx: Context, error: unknown): boolean => {
  const told = knownError(error);
  ctx.status = told?.status ?? 500;
  ctx.set('Content-Type', 'application/json');
  const retryAfterMs = told?.extra['retry_after_ms'];
  if (typeof retryAfterMs === 'number') ctx.set('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
  if (error instanceof UnreadBodyError) ctx.set('Connection', 'close');
  ctx.body = JSON.stringify(told ?? { errcode: 'M_UNKNOWN', error: 'internal server error' });
  return told === undefined;
};
