import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { MatrixError } from '@holm/spec/errors';
import type { Json } from '@holm/spec/json';

/** The client went away while it was still talking. There is nobody left to answer. */
export class HungUpError extends Error {
  override readonly name = 'HungUpError';
}

/** How much of an oversize body is read and dropped, so that a client that is still sending can hear the answer. */
const DROP_AT_MOST = 8_000_000;

const EMPTY = Buffer.alloc(0);

/** The whole body, at most `limit` bytes of it. */
export const readBody = (request: IncomingMessage, limit: number): Promise<Buffer> => {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit + DROP_AT_MOST) return Promise.reject(tooLarge(limit, true));
  if (request.readableEnded) return Promise.resolve(EMPTY);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (size > limit + DROP_AT_MOST) {
        request.pause();
        leave();
        reject(tooLarge(limit, true));
      } else chunks.length = 0;
    };
    const end = (): void => {
      leave();
      if (size > limit) reject(tooLarge(limit, false));
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    };
    const fail = (): void => {
      leave();
      reject(new HungUpError('the request was cut short'));
    };
    // A request may wait for minutes after it has been read; until it is answered, what listens to it keeps its body.
    const leave = (): void => void request.off('data', take).off('end', end).off('error', fail).off('close', fail);
    request.on('data', take).on('end', end).on('error', fail).on('close', fail);
  });
};

/** A body as it comes, for operations that take it in piece by piece. The caller may stop at any time. */
export async function* streamBody(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit, false);
  if (request.readableEnded) return;
  let size = 0;
  try {
    // Whoever stops still answers, on the same connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit, false);
      yield chunk;
    }
  } catch (error) {
    if (request.errored) throw new HungUpError('the request was cut short', { cause: error });
    throw error;
  }
}

/**
 * Reads and drops what is left of a body, so that a client that is still sending can hear why it need not. Resolves to
 * whether that was all: otherwise the connection cannot be used again.
 */
export const dropRest = async (request: IncomingMessage): Promise<boolean> => {
  if (request.complete) return true;
  if (Number(request.headers['content-length'] ?? 0) > DROP_AT_MOST) return false;
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > DROP_AT_MOST) return false;
    }
    return true;
  } catch {
    return false; // the client is gone; what it was refused for is the better thing to report
  }
};

/** Thrown for a body whose rest is not read: the connection cannot be used again. */
export class UnreadBodyError extends MatrixError {}

const tooLarge = (limit: number, unread: boolean): MatrixError =>
  new (unread ? UnreadBodyError : MatrixError)('M_TOO_LARGE', `the body is larger than ${limit} bytes`);

/** Deeper than any event; shallow enough for functions that call themselves. */
const MAX_DEPTH = 200;

export const textIn = (body: Buffer): string => {
  if (!isUtf8(body)) throw new MatrixError('M_NOT_JSON', 'the body is not UTF-8');
  return body.toString('utf8');
};

export const jsonIn = (text: string): Json => {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw new MatrixError('M_NOT_JSON', 'the body is not JSON', { cause });
  }
  if (text.length > 2 * MAX_DEPTH && depthOf(text) > MAX_DEPTH) {
    throw new MatrixError('M_BAD_JSON', `the body is nested deeper than ${MAX_DEPTH}`);
  }
  return value;
};

const [QUOTE, BACKSLASH, BRACKET, BRACE, BRACKET_END, BRACE_END] = [0x22, 0x5c, 0x5b, 0x7b, 0x5d, 0x7d];

/** How deep valid JSON is nested. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) index = endOfString(text, index);
    else if (code === BRACKET || code === BRACE) deepest = Math.max(deepest, ++depth);
    else if (code === BRACKET_END || code === BRACE_END) depth--;
  }
  return deepest;
};

/** The index of the quote that ends the string that starts at `start`. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
};
