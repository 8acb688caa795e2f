import type { EventId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/clock.ts';

const MAX_KNOWN = 20_000;
const FIRST_PAUSE_MS = 60_000;
const PAUSE_FACTOR = 4;
const LONGEST_PAUSE_MS = 86_400_000;

/**
 * Missing events that servers were asked for and did not have. They are asked again later and later, so that nobody who
 * names what does not exist makes every page of a room's history cost requests to innocent servers.
 */
export class BarrenGaps {
  readonly #clock: Clock;
  readonly #tries = new LRUCache<EventId, { readonly at: number; readonly pauseMs: number }>({ max: MAX_KNOWN });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isLeftAlone(id: EventId): boolean {
    const tried = this.#tries.get(id);
    if (!tried) return false;
    const ago = this.#clock.now() - tried.at;
    return ago >= 0 && ago < tried.pauseMs;
  }

  /** Somebody was there to answer, and nobody had them. */
  add(ids: readonly EventId[]): void {
    for (const id of ids) {
      const pauseMs = Math.min(
        (this.#tries.get(id)?.pauseMs ?? FIRST_PAUSE_MS / PAUSE_FACTOR) * PAUSE_FACTOR,
        LONGEST_PAUSE_MS,
      );
      this.#tries.set(id, { at: this.#clock.now(), pauseMs });
    }
  }
}
