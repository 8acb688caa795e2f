import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { Files } from './files.service.ts';
import { filesStore } from './files.store.ts';
import { mediaStore } from './media.store.ts';
import type { MediaSettings } from './settings.ts';

export interface MediaUpkeepDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly settings: MediaSettings;
  readonly files: Files;
}

const DAY_MS = 24 * 3_600_000;

/** What goes with time. */
export class MediaUpkeep {
  readonly #deps: MediaUpkeepDeps;

  constructor(deps: MediaUpkeepDeps) {
    this.#deps = deps;
  }

  async run(): Promise<void> {
    const { db, clock, settings } = this.#deps;
    const now = clock.now();
    await mediaStore.removeExpired(db, now);
    if (settings.keep_remote_days > 0) {
      await this.purgeRemote((now - settings.keep_remote_days * DAY_MS) as UnixMillis);
    }
    if (settings.remote_cache_bytes > 0) {
      await this.#remove((tx) => mediaStore.removeRemoteBeyond(tx, settings.remote_cache_bytes));
    }
    await this.#deps.files.collect();
  }

  /** Removes files of other servers that nobody has looked at since then; resolves to how many. */
  purgeRemote(since: UnixMillis): Promise<number> {
    return this.#remove((tx) => mediaStore.removeRemoteUnused(tx, since));
  }

  #remove(work: (tx: Tx) => Promise<readonly Buffer[]>): Promise<number> {
    return this.#deps.db.transact(async (tx) => {
      const hashes = await work(tx);
      await filesStore.loosen(tx, hashes, this.#deps.clock.now());
      return hashes.length;
    });
  }
}
