import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';

interface Waiting {
  readonly event: Event;
  left: number;
}

/** Events that come before those that they rest on, in whatever order these come. */
export class WaitingEvents {
  readonly #most: number;
  readonly #behind = new Map<EventId, Waiting[]>();
  #count = 0;
  #leftOut = 0;

  /** `most`: more do not wait, but are left out. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many events have been left out so far, because too many wait already. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /**
   * Those of `events` that can be stored now, and those that waited only for them or for what is `stored`; each after what it
   * rests on. `unknown`: what they rest on and is not stored.
   */
  next(events: readonly Event[], stored: readonly EventId[], unknown: ReadonlySet<EventId>): Event[] {
    const open = new Set(unknown);
    const ready: Event[] = [];
    for (const id of stored) this.#release(id, ready);
    let passedOn = 0;
    const passOn = (): void => {
      for (; passedOn < ready.length; passedOn += 1) {
        const id = ready[passedOn]?.eventId;
        if (id === undefined) continue;
        open.delete(id);
        this.#release(id, ready);
      }
    };
    passOn();
    for (const event of events) {
      const lacking = [...new Set(event.authEvents)].filter((id) => open.has(id));
      if (lacking.length > 0) this.#wait(event, lacking);
      else ready.push(event);
      passOn();
    }
    return ready;
  }

  /** Adds those that wait for nothing else any more. */
  #release(id: EventId, ready: Event[]): void {
    for (const waiting of this.#behind.get(id) ?? []) {
      waiting.left -= 1;
      if (waiting.left > 0) continue;
      this.#count -= 1;
      ready.push(waiting.event);
    }
    this.#behind.delete(id);
  }

  #wait(event: Event, open: readonly EventId[]): void {
    if (this.#count >= this.#most) {
      this.#leftOut += 1;
      return;
    }
    this.#count += 1;
    const waiting: Waiting = { event, left: open.length };
    for (const id of open) {
      const behind = this.#behind.get(id);
      if (behind) behind.push(waiting);
      else this.#behind.set(id, [waiting]);
    }
  }
}
