import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { ByteRange } from './byte-range.ts';

/** A file that has arrived whole, and that nobody refers to yet. It vanishes with the block that it was received in. */
export interface Draft extends AsyncDisposable {
  readonly path: string;
  /** SHA-256. */
  readonly hash: Buffer;
  readonly size: number;
}

/** Enough to know a picture by. */
const HEAD_BYTES = 32;

/**
 * The folder of files, each under the name of its content, so that equal ones are there once.
 *
 * A file is written under another name and moved when it is whole and on the disk, so that whatever has its name is it.
 */
export class MediaFolder {
  readonly #path: string;
  readonly #entropy: Entropy;

  constructor(path: string, entropy: Entropy) {
    this.#path = path;
    this.#entropy = entropy;
  }

  /** Makes the folder, and removes from it what a server that was killed had only begun. */
  async prepare(): Promise<void> {
    await mkdir(this.#drafts, { recursive: true });
    for (const name of await readdir(this.#drafts))
      await rm(join(this.#drafts, name), { recursive: true, force: true });
  }

  /** Takes a file in. Hashing goes with the chunks, a tenth of a millisecond each. */
  async receive(chunks: AsyncIterable<Buffer>): Promise<Draft> {
    const draft = this.draft();
    const hash = createHash('sha256');
    let size = 0;
    const file = await open(draft.path, 'wx', 0o600);
    try {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        await writeAll(file, chunk);
      }
      await file.sync();
    } catch (error) {
      await draft[Symbol.asyncDispose]();
      throw error;
    } finally {
      await file.close();
    }
    return { ...draft, hash: hash.digest(), size };
  }

  /** A path to write to, and the removal of what is there in the end. */
  draft(): { readonly path: string } & AsyncDisposable {
    const path = join(this.#drafts, token(this.#entropy, 20));
    return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
  }

  /** Gives a draft its place. May be called again for the same draft. */
  async place({ path, hash }: Pick<Draft, 'path' | 'hash'>): Promise<void> {
    const place = this.pathOf(hash);
    const folder = join(place, '..');
    await mkdir(folder, { recursive: true });
    try {
      await rename(path, place);
    } catch (error) {
      if (!isMissing(error) || !(await exists(place))) throw error;
    }
    await syncFolder(folder);
  }

  pathOf(hash: Buffer): string {
    const name = hash.toString('hex');
    return join(this.#path, name.slice(0, 2), name.slice(2, 4), name.slice(4));
  }

  /** `undefined` where the file is missing, whatever the database says. */
  read(hash: Buffer, part?: ByteRange): Promise<Readable | undefined> {
    return readPart(this.pathOf(hash), part);
  }

  /** The first bytes, or none where the file is missing. */
  head(hash: Buffer): Promise<Buffer> {
    return this.headOf(this.pathOf(hash));
  }

  /** The same of a draft. */
  async headOf(path: string): Promise<Buffer> {
    const chunks = (await readPart(path, { start: 0, end: HEAD_BYTES - 1 })) ?? [];
    return Buffer.concat(await Array.fromAsync(chunks as AsyncIterable<Buffer>));
  }

  async remove(hash: Buffer): Promise<void> {
    await rm(this.pathOf(hash), { force: true });
  }

  get #drafts(): string {
    return join(this.#path, 'drafts');
  }
}

const readPart = async (path: string, part?: ByteRange): Promise<Readable | undefined> => {
  try {
    const file = await open(path);
    return file.createReadStream({ ...part });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const writeAll = async (file: FileHandle, chunk: Buffer): Promise<void> => {
  for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
};

/** That a file has its name is only certain when the folder is on the disk, too. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path);
  await folder.sync().finally(() => folder.close());
};

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
