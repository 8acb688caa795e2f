import { hash } from 'node:crypto';
import type { DelayAction } from '@holm/spec/extensions/delayed-events';
import { MatrixError } from '@holm/spec/errors';
import { EventId, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { MAX_PDU_BYTES, sizeOfId } from '../../core/events/limits.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import { REMEMBERED_DELAYS } from '../../rooms/timeline/client-events.ts';
import type { Database } from '../../storage/database.ts';
import type { Later, Sending } from '../room-events/index.ts';
import type { DelayedEvent, DelayLimits, Finalised, Place } from './delayed-event.ts';
import { delayedEventsStore as store } from './delayed-events.store.ts';

export interface DelayedEventsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly engine: Pick<RoomEngine, 'echoes' | 'events'>;
  readonly sending: Pick<Sending, 'deferred'>;
  /** Throws M_LIMIT_EXCEEDED for a user who sends too much. */
  readonly mayMessage: (user: UserId) => void;
  readonly isClosed: (user: UserId) => Promise<boolean>;
  readonly limits: DelayLimits;
}

/** As hard to guess as an access token: to know it is to be allowed to use it. */
const ID_LENGTH = 32;
const TXN_BYTES = 20;
/** The proposal recommends a week and a thousand. */
const KEPT_MS = 7 * 24 * 3_600_000;
const KEPT_PER_USER = 1_000;
const PAGE = 100;

/**
 * Events that are sent later (MSC4140): scheduled by their senders, then sent, cancelled or put off by whoever knows the
 * id, for as long as they wait. Nothing else cancels them: not their sender's logging out, which must not keep a call
 * from ending, and not other state under their key.
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4140
 */
export class DelayedEvents {
  readonly #deps: DelayedEventsDeps;
  /** What happens to one delayed event happens in order: one that is being sent cannot be cancelled. */
  readonly #queue = new KeyedQueue<string>();
  readonly #schedules = new KeyedQueue<UserId>();
  readonly #listeners: ((due: number) => void)[] = [];

  constructor(deps: DelayedEventsDeps) {
    this.#deps = deps;
  }

  get limits(): DelayLimits {
    return this.#deps.limits;
  }

  /** `listener` learns when something will be due that was not, or not then. */
  onScheduled(listener: (due: number) => void): void {
    this.#listeners.push(listener);
  }

  /** The new event's id. A request with the `txn` of an earlier one is answered as that was. */
  async schedule(later: Later, txn?: Buffer): Promise<string> {
    assertKeepable(later);
    return this.#schedules.run(later.userId, async () => {
      const { db, clock, entropy, limits } = this.#deps;
      const { known, fullUntil } = await store.standing(db, later.userId, txn, limits.maxScheduled);
      if (known !== undefined) return known;
      const now = clock.now();
      if (fullUntil !== undefined) throw tooMany(fullUntil - now);
      const delayId = token(entropy, ID_LENGTH);
      const due = now + later.delayMs;
      await store.put(db, { ...later, delayId, since: now, due, finalised: undefined }, txn);
      this.#tell(due);
      return delayId;
    });
  }

  /**
   * Sends, cancels or restarts. To repeat what was done is fine; M_NOT_FOUND for an unknown id, and 409 for what has
   * come to another end. Who sends one that cannot be sent learns why, and it stays scheduled.
   */
  act(delayId: string, action: DelayAction): Promise<void> {
    return this.#queue.run(delayId, async () => {
      const event = await store.get(this.#deps.db, delayId);
      if (!event) throw unknown();
      if (event.finalised) assertSameEnd(event.finalised, action);
      else await this.#do(event, action);
    });
  }

  /** Sends an event whose time has come. What cannot be sent is over, too, and kept with the reason. */
  fire(delayId: string): Promise<void> {
    return this.#queue.run(delayId, async () => {
      const { db, clock } = this.#deps;
      const event = await store.get(db, delayId);
      if (!event || event.finalised || event.due > clock.now()) return;
      try {
        await this.#send(event, false);
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
        const failure = { outcome: 'failed', byAction: false, error: error.toJSON() as JsonObject } as const;
        await store.finalise(db, delayId, { ...failure, at: clock.now(), eventId: undefined });
      }
    });
  }

  /** For services of this server that act on a user's behalf. Undefined for an unknown id. */
  find(delayId: string): Promise<DelayedEvent | undefined> {
    return store.get(this.#deps.db, delayId);
  }

  /** M_NOT_FOUND for what is not the user's. */
  async ofUser(userId: UserId, delayId: string): Promise<DelayedEvent> {
    const event = await this.find(delayId);
    if (event?.userId !== userId) throw unknown();
    return event;
  }

  /** A page of a user's, and where the next one begins. */
  async list(userId: UserId, isOver: boolean | undefined, after: Place | undefined) {
    const page = await store.page(this.#deps.db, userId, isOver, { after, limit: PAGE + 1 });
    const events = page.slice(0, PAGE);
    return { events, next: page.length > PAGE ? events.at(-1) : undefined };
  }

  /** Brings back which events came of which delays, for what their senders are told. */
  async recall(): Promise<void> {
    const { db, engine } = this.#deps;
    for (const { event_nid: nid, delay_id: id } of await store.sent(db, REMEMBERED_DELAYS))
      engine.echoes.delayed(nid, id);
  }

  /** Forgets what has been over for long. */
  async trim(): Promise<void> {
    await store.trim(this.#deps.db, this.#deps.clock.now() - KEPT_MS, KEPT_PER_USER);
  }

  /** Of an account that is closed, nothing is sent any more. */
  async forget(userId: UserId): Promise<void> {
    await store.removeOf(this.#deps.db, userId);
  }

  async #do(event: DelayedEvent, action: DelayAction): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    if (action === 'send') await this.#send(event, true);
    else if (action === 'restart') {
      await store.restart(db, event.delayId, now);
      this.#tell(now + event.delayMs);
    } else {
      const over = { outcome: 'cancelled', byAction: true, eventId: undefined, error: undefined } as const;
      await store.finalise(db, event.delayId, { ...over, at: now });
    }
  }

  #tell(due: number): void {
    for (const listener of this.#listeners) listener(due);
  }

  /** The transaction, whose name the delay gives it, makes one event of it, even if we stop before it is marked. */
  async #send(event: DelayedEvent, byAction: boolean): Promise<void> {
    const { db, clock, engine, sending, mayMessage, isClosed } = this.#deps;
    const { delayId, userId: sender } = event;
    // It is forgotten when the account is closed, unless we stop right then.
    if (await isClosed(sender)) {
      await this.forget(sender);
      throw unknown();
    }
    mayMessage(sender);
    const placed = (nid: number) => engine.echoes.delayed(nid, delayId);
    const eventId = await sending.deferred({ ...event, sender }, { txn: txnOf(delayId), placed });
    const stored = await engine.events.byId(eventId);
    if (stored) engine.echoes.delayed(stored.nid, delayId);
    await store.finalise(db, delayId, { outcome: 'sent', byAction, at: clock.now(), eventId, error: undefined });
  }
}

const txnOf = (delayId: string): Buffer =>
  hash('sha256', JSON.stringify(['delayed', delayId]), 'buffer').subarray(0, TXN_BYTES);

/** Whether the room takes it shows when it is sent; what no room could take is refused at once. */
const assertKeepable = ({ type, stateKey = '', content }: Later): void => {
  if (sizeOfId(type) !== 'fits') throw new MatrixError('M_TOO_LARGE', 'the event type is too long');
  if (sizeOfId(stateKey) !== 'fits') throw new MatrixError('M_TOO_LARGE', 'the state key is too long');
  if (JSON.stringify(content).length > MAX_PDU_BYTES) throw new MatrixError('M_TOO_LARGE', 'the content is too large');
  if (type === 'm.room.redaction' && !EventId.is(content['redacts'])) {
    throw new MatrixError('M_BAD_JSON', 'content.redacts is not an event id');
  }
};

const assertSameEnd = ({ outcome }: Finalised, action: DelayAction): void => {
  const isSame = outcome === 'sent' ? action === 'send' : action === 'cancel';
  if (!isSame) throw new MatrixError('M_UNKNOWN', `the delayed event has been ${outcome} already`, { status: 409 });
};

const unknown = () => new MatrixError('M_NOT_FOUND', 'there is no such delayed event');

const tooMany = (waitMs: number) =>
  new MatrixError('M_LIMIT_EXCEEDED', 'you have as many delayed events as you may have at once', {
    extra: { retry_after_ms: Math.max(1, waitMs) },
  });
