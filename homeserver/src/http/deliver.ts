import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { Context } from 'koa';
import type { Reply } from './reply.ts';

/** Names and values by turns, as `writeHead` takes them: to set one after another costs a twelfth of a small answer. */
export type HeaderList = readonly string[];

/** Statuses of answers that have no body, nor headers that speak of one. */
const WITHOUT_BODY = [204, 205, 304];

/** Hands an answer to the network, with headers besides its own. `failed` is told of a body that broke off. */
export const deliver = (
  { res, method, writable }: Context,
  reply: Reply,
  { besides, failed }: { readonly besides: HeaderList; readonly failed: (error: Error) => void },
): void => {
  const { status, body } = reply;
  const isThere = writable && !res.destroyed;
  if (isThere) start(res, reply, besides);
  if (isThere && method !== 'HEAD' && !WITHOUT_BODY.includes(status)) {
    if (body instanceof Readable) pipeline(body, res, (error) => error && failed(error));
    else res.end(body);
    return;
  }
  if (body instanceof Readable) body.destroy();
  if (isThere) res.end();
};

const start = (res: ServerResponse, reply: Reply, besides: HeaderList): void => {
  try {
    res.writeHead(reply.status, headersOf(reply, besides));
  } catch (error) {
    // Something that cannot be a header: then it is another answer.
    if (reply.body instanceof Readable) reply.body.destroy();
    throw error;
  }
};

const headersOf = ({ status, headers, body }: Reply, besides: HeaderList): string[] => {
  const list = [...besides];
  const isBodiless = WITHOUT_BODY.includes(status);
  const length = body instanceof Readable ? headers['content-length'] : String(Buffer.byteLength(body));
  for (const name in headers) {
    const value = headers[name];
    const isLeftOut = name === 'content-length' || (isBodiless && name === 'content-type');
    if (value !== undefined && !isLeftOut) list.push(name, value);
  }
  if (length !== undefined && !isBodiless) list.push('Content-Length', length);
  return list;
};
