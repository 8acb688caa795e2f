import type { Readable } from 'node:stream';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { ByteRange } from './byte-range.ts';
import { filesStore as store } from './files.store.ts';
import type { Draft, MediaFolder } from './media-folder.ts';

export interface FilesDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly folder: MediaFolder;
}

const COLLECT_AT_ONCE = 200;

/** The media folder together with what the database knows of it. */
export class Files {
  readonly #deps: FilesDeps;

  constructor(deps: FilesDeps) {
    this.#deps = deps;
  }

  receive(chunks: AsyncIterable<Buffer>): Promise<Draft> {
    return this.#deps.folder.receive(chunks);
  }

  /**
   * Keeps a draft for as long as something refers to it; `refer` writes what does, in the same transaction. The file is
   * put in its place after its row and before the commit: a row without its file is never seen, a file without its row
   * only after a crash, and then the next upload of the same content takes it over.
   */
  keep<T>(draft: Pick<Draft, 'path' | 'hash' | 'size'>, refer: (tx: Tx) => Promise<T>): Promise<T> {
    const { db, clock, folder } = this.#deps;
    return db.transact(async (tx) => {
      await store.put(tx, draft, clock.now());
      const result = await refer(tx);
      await folder.place(draft);
      return result;
    });
  }

  /** `undefined` where the file is missing. */
  read(hash: Buffer, part?: ByteRange): Promise<Readable | undefined> {
    return this.#deps.folder.read(hash, part);
  }

  pathOf(hash: Buffer): string {
    return this.#deps.folder.pathOf(hash);
  }

  /** Removes files to which nothing refers any more. */
  async collect(): Promise<void> {
    const { db, clock, folder } = this.#deps;
    for (;;) {
      const hashes = await store.loose(db, COLLECT_AT_ONCE);
      for (const hash of hashes) {
        await db.transact(async (tx) => {
          if (await store.removeIfUnused(tx, hash, clock.now())) await folder.remove(hash);
        });
      }
      // What is removed may loosen more.
      if (hashes.length === 0) return;
    }
  }
}
