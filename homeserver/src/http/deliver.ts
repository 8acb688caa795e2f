import { pipeline, Readable } from 'node:stream';
import type { Context } from 'koa';

/** Statuses of answers that have no body, nor headers that speak of one. */
const WITHOUT_BODY = [204, 205, 304];

/** Hands to the network what `respond` has put together. */
export const deliver = (ctx: Context): void => {
  const { res, method, status } = ctx;
  if (ctx.respond === false) return;
  if (WITHOUT_BODY.includes(status)) ctx.body = null;
  const body = ctx.body as string | Buffer | Readable | null | undefined;
  if (!ctx.writable || method === 'HEAD' || body === null || body === undefined) res.end();
  else if (body instanceof Readable) pipeline(body, res, (error) => error && ctx.onerror(error));
  else res.end(body);
};
