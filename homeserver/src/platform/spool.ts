import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** What is longer goes to a file: it would be in the way of everything else that is in memory. */
const IN_MEMORY_BYTES = 512 * 1024;
const READ_BYTES = 64 * 1024;

export interface SpoolOptions {
  /** Where there is room for it. */
  readonly folder: string;
  readonly maxBytes: number;
}

/** Bytes that come once and are read as often as need be. Long ones lie in a file that nobody else can see, and that is gone with the process. */
export class Spool implements AsyncDisposable {
  readonly bytes: number;
  readonly #chunks: readonly Uint8Array[];
  readonly #file: FileHandle | undefined;

  private constructor(
    bytes: number,
    kept: { readonly chunks: readonly Uint8Array[]; readonly file?: FileHandle | undefined },
  ) {
    this.bytes = bytes;
    this.#chunks = kept.chunks;
    this.#file = kept.file;
  }

  /** Takes all that comes. Throws `TooLargeError` when that is more than it may be. */
  static async of(source: AsyncIterable<Uint8Array>, { folder, maxBytes }: SpoolOptions): Promise<Spool> {
    await using stack = new AsyncDisposableStack();
    let chunks: Uint8Array[] = [];
    let file: FileHandle | undefined;
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new TooLargeError(`more than ${maxBytes} bytes`);
      chunks.push(chunk);
      if (!file && bytes > IN_MEMORY_BYTES) file = stack.use(await unseenFile(folder));
      if (!file) continue;
      for (const one of chunks) await file.write(one);
      chunks = [];
    }
    stack.move();
    return new Spool(bytes, { chunks, file });
  }

  /** Only for what is short. */
  get text(): string {
    if (this.#file) throw new Error('too long to be held as one text');
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  /** All of it, from the start. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    yield* this.#chunks;
    for (let at = 0; this.#file && at < this.bytes;) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at);
      if (bytesRead === 0) throw new Error('the file is shorter than what was written to it');
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}

/** Without a name from the start, so that nothing is left of it however the process ends. */
const unseenFile = async (folder: string): Promise<FileHandle> => {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `incoming-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
};
