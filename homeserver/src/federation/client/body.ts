import type { Readable } from 'node:stream';

export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** Reads a body whole, and gives up on one that is longer than allowed. */
export const readText = async (body: Readable, maxBytes: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new TooLargeError(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
