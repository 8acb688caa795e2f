import type { ServerName } from '@holm/spec/ids';
import type { Background } from '../../platform/background.ts';
import type { Database } from '../../storage/database.ts';
import { outboxStore, type Sent } from './outbox.store.ts';

/**
 * Writes down how far each destination has got, many at a time.
 *
 * Nobody waits for it: what is lost in a crash is sent again, and an event that arrives twice is the same event.
 */
export class Progress {
  readonly #db: Database;
  readonly #background: Background;
  #dirty = new Map<ServerName, Sent>();
  #writing = false;

  constructor(db: Database, background: Background) {
    this.#db = db;
    this.#background = background;
  }

  advance(server: ServerName, sent: Sent): void {
    this.#dirty.set(server, sent);
    if (this.#writing) return;
    this.#writing = true;
    this.#background.run('write outbox progress', () => this.#write());
  }

  async #write(): Promise<void> {
    try {
      while (this.#dirty.size > 0) {
        const batch = this.#dirty;
        this.#dirty = new Map();
        await outboxStore.advance(this.#db, batch);
      }
    } finally {
      this.#writing = false;
    }
  }
}
