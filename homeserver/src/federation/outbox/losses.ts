import type { ServerName } from '@holm/spec/ids';
import type { Background } from '../../platform/background.ts';
import type { UnixMillis } from '../../platform/clock.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Database } from '../../storage/database.ts';
import { lossesStore as store } from './losses.store.ts';

/**
 * Since when servers have missed what can be said to them again, until they have heard it: a server may be reached again, by some
 * request or other, long before that. Survives restarts; written in the background, and only where something fails.
 */
export class Losses {
  readonly #db: Database;
  readonly #background: Background;
  readonly #since: Map<ServerName, UnixMillis>;
  readonly #writes = new KeyedQueue<ServerName>();

  private constructor(db: Database, background: Background, since: Map<ServerName, UnixMillis>) {
    this.#db = db;
    this.#background = background;
    this.#since = since;
  }

  static async open(db: Database, background: Background): Promise<Losses> {
    return new Losses(db, background, await store.all(db));
  }

  servers(): Iterable<ServerName> {
    return this.#since.keys();
  }

  since(server: ServerName): UnixMillis | undefined {
    return this.#since.get(server);
  }

  put(server: ServerName, since: UnixMillis | undefined): void {
    if (this.#since.get(server) === since) return;
    if (since === undefined) this.#since.delete(server);
    else this.#since.set(server, since);
    this.#background.run('remember what a server has missed', () =>
      this.#writes.run(server, () => store.put(this.#db, server, this.#since.get(server))),
    );
  }
}
