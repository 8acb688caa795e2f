import type { EventId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock } from '../../platform/clock.ts';
import type { RoomNid } from '../model.ts';

const MAX_KNOWN = 20_000;
const FIRST_PAUSE_MS = 60_000;
const PAUSE_FACTOR = 4;
const LONGEST_PAUSE_MS = 86_400_000;

interface Attempt {
  readonly at: number;
  readonly pauseMs: number;
}

/**
 * Missing events of a room that servers were asked for and did not have. They are asked again later and later, so that nobody
 * who names what does not exist makes every page of a room's history cost requests to innocent servers.
 */
export class BarrenGaps {
  readonly #clock: Clock;
  readonly #attempts = new LRUCache<`${RoomNid} ${EventId}`, Attempt>(atMost(MAX_KNOWN));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isLeftAlone(room: RoomNid, id: EventId): boolean {
    const tried = this.#attempts.get(`${room} ${id}`);
    if (!tried) return false;
    const ago = this.#clock.now() - tried.at;
    return ago >= 0 && ago < tried.pauseMs;
  }

  /** Nobody who answered had them. `isCertain`: everybody who was asked did answer; else whoever has them may only be away. */
  add(room: RoomNid, ids: readonly EventId[], { isCertain }: { readonly isCertain: boolean }): void {
    for (const id of ids) {
      const before = this.#attempts.get(`${room} ${id}`);
      const longer = before ? Math.min(before.pauseMs * PAUSE_FACTOR, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
      this.#attempts.set(`${room} ${id}`, { at: this.#clock.now(), pauseMs: isCertain ? longer : FIRST_PAUSE_MS });
    }
  }
}
