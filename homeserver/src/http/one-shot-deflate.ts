import { constants, deflateRaw, inflateRaw, inflateRawSync } from 'node:zlib';
import type { WebSocket } from 'ws';

/**
 * `permessage-deflate` (RFC 7692) without context takeover: each message is compressed by itself, so nothing has to be
 * kept between two of them. The library `ws` keeps the state of zlib for as long as a socket is open, some 300 kB of it;
 * here it lives for one message.
 */

type Done = (error: Error | null, data?: Buffer) => void;

/** The two methods of the extension's object in `ws` by which it is used. */
interface Deflating {
  compress: (data: Buffer | string, isLast: boolean, done: Done) => void;
  decompress: (data: Buffer, isLast: boolean, done: Done) => void;
}

/** What ends a message where RFC 7692 leaves it out. */
const TRAILER = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** So little is taken apart at once: handing it to another thread would take longer. */
const AT_ONCE_BYTES = 512;
const TOO_LARGE = 1009;
const NOT_DEFLATED = 1007;

const deflation = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH };

/** Nothing if the client did not ask for compression. */
export const useOneShotDeflate = (socket: WebSocket, maxMessageBytes: number): void => {
  const { _extensions: extensions } = socket as unknown as { _extensions: Record<string, Deflating | undefined> };
  const deflating = extensions['permessage-deflate'];
  if (!deflating) return;
  deflating.compress = compress;
  deflating.decompress = decompressor(socket, maxMessageBytes);
};

const compress: Deflating['compress'] = (data, isLast, done) => {
  deflateRaw(data, deflation, (error, deflated) => {
    if (error) done(error);
    else done(null, isLast ? deflated.subarray(0, deflated.length - TRAILER.length) : deflated);
  });
};

const decompressor = (socket: WebSocket, maxOutputLength: number): Deflating['decompress'] => {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength };
  // All of a message; the library stops at `maxOutputLength` bytes of these, too.
  let fragments: Buffer[] = [];
  return (data, isLast, done) => {
    fragments.push(data);
    if (!isLast) return queueMicrotask(() => done(null, Buffer.alloc(0)));
    const whole = Buffer.concat([...fragments, TRAILER]);
    fragments = [];
    const end = (error: Error | null, inflated: Buffer): void => {
      if (error) socket.close(isTooLarge(error) ? TOO_LARGE : NOT_DEFLATED);
      done(error, inflated);
    };
    if (whole.length > AT_ONCE_BYTES) return inflateRaw(whole, options, end);
    const [error, inflated] = atOnce(() => inflateRawSync(whole, options));
    queueMicrotask(() => end(error, inflated));
  };
};

const atOnce = (work: () => Buffer): [Error | null, Buffer] => {
  try {
    return [null, work()];
  } catch (error) {
    return [error as Error, Buffer.alloc(0)];
  }
};

const isTooLarge = (error: NodeJS.ErrnoException): boolean => error.code === 'ERR_BUFFER_TOO_LARGE';
