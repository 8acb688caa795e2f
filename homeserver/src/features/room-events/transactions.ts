import { hash } from 'node:crypto';
import type { EventId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { Viewer } from '../../rooms/timeline/client-events.ts';
import { atMost } from '../../platform/at-most.ts';

const REMEMBERED = 20_000;
const KEY_BYTES = 20;

/** Names a request: the same id from another device, or on another path, is another request. */
export const transactionKey = ({ userId, deviceId }: Viewer, path: readonly string[], id: string): Buffer =>
  hash('sha256', JSON.stringify([userId, deviceId, ...path, id]), 'buffer').subarray(0, KEY_BYTES);

/** What repeated requests are answered with, while it is at hand. The database knows for longer. */
export class Transactions {
  readonly #done = new LRUCache<string, EventId>(atMost(REMEMBERED));
  readonly #running = new Map<string, Promise<EventId>>();

  /** Does the work once, however often and however simultaneously it is asked for. What failed may be tried again. */
  run(key: Buffer, work: () => Promise<EventId>): Promise<EventId> {
    const name = key.toString('latin1');
    const done = this.#done.get(name);
    if (done !== undefined) return Promise.resolve(done);
    const running = this.#running.get(name);
    if (running) return running;
    const started = work().then(
      (eventId) => {
        this.#done.set(name, eventId);
        this.#running.delete(name);
        return eventId;
      },
      (error: unknown) => {
        this.#running.delete(name);
        throw error;
      },
    );
    this.#running.set(name, started);
    return started;
  }
}
