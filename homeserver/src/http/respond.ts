import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { MatrixError } from '@holm/spec/errors';
import { InvalidIdError } from '@holm/spec/ids';
import type { Context } from 'koa';
import { UnreadBodyError } from './body.ts';
import { Reply } from './reply.ts';

const compress = promisify(gzip);

/** To zip costs 0.15 ms at any size up to 20 kB, as much as three small requests; here it begins to save a packet or two. */
const GZIP_FROM_BYTES = 4096;
const COMPRESSIBLE = /^(?:application\/json|text\/)/;

/** Sends a handler's result: a `Reply` as it is, anything else as JSON. */
export const respond = async (ctx: Context, result: unknown): Promise<void> => {
  if (result instanceof Reply) {
    ctx.status = result.status;
    ctx.set(result.headers);
    await send(ctx, result.body, result.headers['content-type'] ?? 'application/octet-stream');
  } else {
    ctx.status = 200;
    await send(ctx, JSON.stringify(result ?? {}), 'application/json');
  }
};

const send = async (ctx: Context, body: Reply['body'], type: string): Promise<void> => {
  ctx.set('Content-Type', type);
  const isLarge = (typeof body === 'string' || Buffer.isBuffer(body)) && body.length >= GZIP_FROM_BYTES;
  if (!isLarge || !COMPRESSIBLE.test(type)) {
    ctx.body = body;
    return;
  }
  ctx.vary('Accept-Encoding');
  if (ctx.res.hasHeader('Content-Encoding') || ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') {
    ctx.body = body;
    return;
  }
  ctx.set('Content-Encoding', 'gzip');
  ctx.body = await compress(body, { level: constants.Z_BEST_SPEED });
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
