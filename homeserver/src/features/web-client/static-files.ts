import { readFile, readdir, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** The page of the client. */
export const INDEX = '/index.html';

export interface StaticFile {
  readonly type: string;
  readonly content: Buffer;
  /** The same, gzipped; `undefined` where that would save nothing. */
  readonly zipped: Buffer | undefined;
  /** The name changes whenever the content does. */
  readonly isHashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const PACKED = new Set(['.png', '.woff2']);

/** A name that ends in a hash of the content, as rollup writes it: `main-B5Qt9EMX.js`. */
const HASHED = /[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
const HAS_DIGIT_OR_CAPITAL = /[0-9A-Z]/;

const compress = promisify(gzip);

/**
 * The files of a build, by their path in the address. Only what is in the folder can be asked for, so there is no path
 * to escape from. Content is read, and zipped, when it is first wanted, and kept: a build is a few megabytes.
 */
export class StaticFiles {
  readonly #root: string;
  readonly #known: ReadonlySet<string>;
  readonly #loaded = new Map<string, Promise<StaticFile>>();

  readonly #indexTime: number;

  private constructor(root: string, known: ReadonlySet<string>, indexTime: number) {
    this.#root = root;
    this.#known = known;
    this.#indexTime = indexTime;
  }

  /** `undefined` where there is no such folder, or no page in it. */
  static async open(root: string): Promise<StaticFiles | undefined> {
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    const files = entries.filter((entry) => entry.isFile());
    const paths = files.map((entry) => `/${relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')}`);
    return paths.includes(INDEX) ? new StaticFiles(root, new Set(paths), await timeOf(root)) : undefined;
  }

  /** False once there was another build. */
  async isCurrent(): Promise<boolean> {
    return (await timeOf(this.#root)) === this.#indexTime;
  }

  get(path: string): Promise<StaticFile> | undefined {
    if (!this.#known.has(path)) return undefined;
    const loaded = this.#loaded.get(path);
    if (loaded) return loaded;
    const file = this.#load(path);
    this.#loaded.set(path, file);
    file.catch(() => this.#loaded.delete(path)); // whoever waits for it hears of it, too
    return file;
  }

  async #load(path: string): Promise<StaticFile> {
    const extension = extname(path);
    const content = await readFile(join(this.#root, path));
    const zipped = PACKED.has(extension) ? undefined : await compress(content);
    return {
      type: TYPES[extension] ?? 'application/octet-stream',
      content,
      zipped: zipped && zipped.length < content.length ? zipped : undefined,
      isHashed: isHashed(path),
    };
  }
}

/** When the page was written, which a build does last; 0 while there is none. */
const timeOf = async (root: string): Promise<number> =>
  stat(join(root, INDEX)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

const isHashed = (path: string): boolean => {
  const match = HASHED.exec(path);
  return match !== null && HAS_DIGIT_OR_CAPITAL.test(match[0].slice(0, match[0].lastIndexOf('.')));
};
