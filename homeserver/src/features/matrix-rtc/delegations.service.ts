import { MatrixError } from '@holm/spec/errors';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import type { Database } from '../../storage/database.ts';
import type { CallMember } from '../calls/index.ts';
import type { DelayedEvents } from '../delayed-events/index.ts';
import { type Delegation, SHORTEST_DELAY_MS, stepOf, type Watch } from './delegation.ts';
import { delegationsStore as store } from './delegations.store.ts';
import { callName } from './names.ts';

interface DelegationsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly background: Background;
  readonly delayed: Pick<DelayedEvents, 'find' | 'act'>;
  /** Whether somebody is in a call. */
  readonly isIn: (call: string, who: (member: CallMember) => boolean) => boolean;
}

interface Watched extends Watch {
  readonly delegation: Delegation;
}

const LOOK_MS = 1_000;

/**
 * Leaves of calls that clients have delegated (MSC4195): the delayed event that says that a member has left is put off
 * while their device is in the call, and sent when it is gone. Kept over restarts.
 *
 * It is the device that is looked for, not the identity in the call: which of them a client has depends on its age.
 */
export class Delegations {
  readonly #deps: DelegationsDeps;
  /** By the delayed event. */
  readonly #watched = new Map<string, Watched>();
  /** What happens to the delegations of one user happens in order. */
  readonly #queue = new KeyedQueue<string>();
  readonly #busy = new Set<string>();
  readonly #stopped = new AbortController();
  #isLooking = false;

  constructor(deps: DelegationsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Goes on with those of before the start. */
  async start(): Promise<void> {
    const since = this.#deps.clock.now();
    for (const waiting of await store.waiting(this.#deps.db)) {
      this.#watched.set(waiting.delegation.delayId, { ...waiting, since });
    }
    this.#look();
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** M_INVALID_PARAM, or what drafts called it, for an event that is not the user's, not of the room, or over. */
  delegate(delegation: Delegation, errcode: 'M_INVALID_PARAM' | 'M_BAD_JSON' = 'M_INVALID_PARAM'): Promise<void> {
    const { userId, roomId, delayId } = delegation;
    return this.#queue.run(userId, async () => {
      const { db, clock, delayed } = this.#deps;
      const event = await delayed.find(delayId);
      if (event?.userId !== userId || event.roomId !== roomId || event.finalised) {
        throw new MatrixError(errcode, 'you have no such delayed event in this room');
      }
      if (event.delayMs < SHORTEST_DELAY_MS) throw new MatrixError(errcode, 'its delay is too short to be delegated');
      await db.transact((tx) => store.put(tx, delegation));
      for (const { delegation: other } of this.#watched.values()) {
        if (isSameMember(other, delegation)) this.#watched.delete(other.delayId);
      }
      const { delayMs, since: restartedAt } = event;
      this.#watched.set(delayId, { delegation, delayMs, restartedAt, since: clock.now() });
      this.#look();
    });
  }

  /** Looks again and again, as long as there is anything to look for. */
  #look(): void {
    if (this.#isLooking || this.#watched.size === 0) return;
    this.#isLooking = true;
    void this.#deps.clock.sleep(LOOK_MS, this.#stopped.signal).then(() => {
      this.#isLooking = false;
      if (this.#stopped.signal.aborted) return;
      for (const watched of this.#watched.values()) this.#lookAt(watched);
      this.#look();
    });
  }

  #lookAt(watched: Watched): void {
    const { clock, isIn } = this.#deps;
    const { userId, deviceId, roomId, slotId, delayId } = watched.delegation;
    const isPresent = isIn(
      callName(roomId, slotId),
      (member) => member.userId === userId && member.deviceId === deviceId,
    );
    const now = clock.now();
    const seen = isPresent ? { ...watched, seenAt: now } : watched;
    this.#watched.set(delayId, seen);
    const step = stepOf(seen, isPresent, now);
    if (step !== 'wait' && !this.#busy.has(delayId)) this.#do(step, delayId);
  }

  #do(step: 'restart' | 'send', delayId: string): void {
    this.#busy.add(delayId);
    this.#deps.background.run('see to a delegated leave', async () => {
      try {
        await this.#act(step, delayId);
      } finally {
        this.#busy.delete(delayId);
      }
    });
  }

  async #act(step: 'restart' | 'send', delayId: string): Promise<void> {
    const { clock, delayed, log } = this.#deps;
    try {
      await delayed.act(delayId, step);
      const watched = this.#watched.get(delayId);
      if (step === 'send') await this.#forget(delayId);
      else if (watched) this.#watched.set(delayId, { ...watched, restartedAt: clock.now() });
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      // Later, then. Anything else does not get better: it is over, or cannot be sent, as by somebody who was kicked.
      if (error.errcode === 'M_LIMIT_EXCEEDED') return;
      log.debug('a delegated leave is over', { step, err: error });
      await this.#forget(delayId);
    }
  }

  async #forget(delayId: string): Promise<void> {
    this.#watched.delete(delayId);
    await store.remove(this.#deps.db, delayId);
  }
}

const isSameMember = (a: Delegation, b: Delegation): boolean =>
  a.userId === b.userId && a.roomId === b.roomId && a.slotId === b.slotId && a.memberId === b.memberId;
