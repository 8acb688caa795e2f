import type { RoomId } from '@holm/spec/ids';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Database } from '../../storage/database.ts';
import type { DelayedEvent } from './delayed-event.ts';
import type { DelayedEvents } from './delayed-events.service.ts';
import { delayedEventsStore as store } from './delayed-events.store.ts';

export interface DueDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly background: Background;
  readonly delayed: DelayedEvents;
}

/** Under way at once, at most. */
const MAX_BUSY = 200;
/** What could not be tried, because our database was away, say, is tried again. */
const RETRY_MS = 10_000;
/** Longer waits are cut in pieces: no timer counts more than 2^31 milliseconds. */
const MAX_SLEEP_MS = 24 * 3_600_000;

/**
 * Sees to it that delayed events are sent when they are due: those of a room one after the other, in the order in which
 * they are due. One timer waits for whichever is next; what it is woken for has perhaps been put off, then it waits on.
 */
export class DueEvents {
  readonly #deps: DueDeps;
  readonly #rooms = new KeyedQueue<RoomId>();
  readonly #busy = new Set<string>();
  readonly #stop = new AbortController();
  #timer: { readonly at: number; readonly stop: AbortController } | undefined;
  #round: Promise<void> | undefined;
  #isAskedAgain = false;

  constructor(deps: DueDeps) {
    this.#deps = deps;
    deps.delayed.onScheduled((due) => this.#wakeAt(due));
  }

  /** Starts to send; first what has become due while nobody was there. */
  start(): void {
    this.#look();
  }

  stop(): void {
    this.#stop.abort();
    this.#timer?.stop.abort();
  }

  #wakeAt(at: number): void {
    if (this.#stop.signal.aborted || (this.#timer && this.#timer.at <= at)) return;
    this.#timer?.stop.abort();
    const timer = { at, stop: new AbortController() };
    this.#timer = timer;
    const { clock } = this.#deps;
    void clock.sleep(Math.min(at - clock.now(), MAX_SLEEP_MS), timer.stop.signal).then(() => {
      if (timer.stop.signal.aborted) return;
      this.#timer = undefined;
      this.#look();
    });
  }

  /** Looks for what is due: once at a time, and once more if asked to meanwhile. */
  #look(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#round) {
      this.#isAskedAgain = true;
      return;
    }
    this.#deps.background.run('look for delayed events', async () => {
      this.#round = this.#startDue();
      try {
        await this.#round;
      } catch (error) {
        this.#wakeAt(this.#deps.clock.now() + RETRY_MS);
        throw error;
      } finally {
        this.#round = undefined;
        if (this.#isAskedAgain) {
          this.#isAskedAgain = false;
          this.#look();
        }
      }
    });
  }

  async #startDue(): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    const due = await store.due(db, now, [...this.#busy], MAX_BUSY - this.#busy.size);
    for (const event of due) this.#start(event);
    const next = await store.nextDue(db, now);
    if (next !== undefined) this.#wakeAt(next);
  }

  #start({ delayId, roomId }: DelayedEvent): void {
    const { background, clock, delayed } = this.#deps;
    const wasFull = () => this.#busy.size >= MAX_BUSY;
    const done = () => {
      const isRoomAgain = wasFull();
      this.#busy.delete(delayId);
      if (isRoomAgain) this.#look();
    };
    this.#busy.add(delayId);
    background.run('send a delayed event', () =>
      this.#rooms
        .run(roomId, () => delayed.fire(delayId))
        .then(done, (error: unknown) => {
          void clock.sleep(RETRY_MS, this.#stop.signal).then(() => {
            done();
            this.#look();
          });
          throw error;
        }),
    );
  }
}
