import { MatrixError } from '@holm/spec/errors';
import { type ClientHead } from '@holm/spec/extensions/websocket';
import { WEBSOCKET } from '@holm/spec/extensions/websocket-wire';
import type { Waiting } from '../../http/later.ts';
import { knownError } from '../../http/respond.ts';
import type { Caller } from '../../http/route.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Following, NextUpdate, Update } from '../sync/index.ts';
import type { Say } from './requests.service.ts';

export type FollowHead = Extract<ClientHead, { type: 'follow' }>;

export interface FollowsDeps {
  readonly following: Following;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts a sync. Throws M_LIMIT_EXCEEDED. */
  readonly takeTurn: (caller: Caller) => void;
}

/** One follow: what is told next, who waits for it, and what was told last. */
interface Follow {
  readonly id: number;
  readonly timeoutMs: number;
  next: NextUpdate | undefined;
  waiting: Waiting<Update> | undefined;
  /** Of an update that is not acknowledged yet. */
  sent: string | undefined;
  /** When it was written to the network. */
  sentAt: number;
}

/** What a client follows over its socket. */
export class Follows {
  readonly #deps: FollowsDeps;
  readonly #caller: Caller;
  readonly #say: Say;
  /** Few: one, mostly. */
  #open: readonly Follow[] = [];

  constructor(deps: FollowsDeps, caller: Caller, say: Say) {
    this.#deps = deps;
    this.#caller = caller;
    this.#say = say;
  }

  has(id: number): boolean {
    return this.#find(id) !== undefined;
  }

  async begin(head: FollowHead, payload: string): Promise<void> {
    const { id, dialect, query, pos, timeout: timeoutMs = WEBSOCKET.maxSilenceMs } = head;
    const follow: Follow = { id, timeoutMs, next: undefined, waiting: undefined, sent: undefined, sentAt: Infinity };
    const isOneTooMany = this.#open.length >= WEBSOCKET.maxFollows;
    this.#open = this.#open.concat(follow);
    await this.#trying(follow, async () => {
      if (isOneTooMany) throw tooMany();
      this.#deps.takeTurn(this.#caller);
      follow.next = await this.#deps.following.begin(this.#caller, { dialect, query, bodyText: payload });
      await this.#wait(follow, pos);
    });
  }

  /** False for what is not an update that waits for this. */
  acknowledge(id: number, pos: string): boolean {
    const follow = this.#find(id);
    // Of a follow that ended while this was on its way.
    if (!follow) return true;
    if (follow.sent !== pos) return false;
    follow.sent = undefined;
    void this.#trying(follow, async () => {
      await this.#turn(follow);
      await this.#wait(follow, pos);
    });
    return true;
  }

  end(id: number): void {
    const follow = this.#find(id);
    if (follow) this.#forget(follow);
    follow?.waiting?.abandon();
  }

  endAll(): void {
    for (const { id } of this.#open) this.end(id);
  }

  /** For how long an update has been waiting to be acknowledged, in milliseconds. */
  unacknowledgedMs(now: number): number {
    let oldest = now;
    for (const { sent, sentAt } of this.#open) if (sent !== undefined) oldest = Math.min(oldest, sentAt);
    return now - oldest;
  }

  #find(id: number): Follow | undefined {
    return this.#open.find((follow) => follow.id === id);
  }

  #forget(follow: Follow): void {
    this.#open = this.#open.filter((one) => one !== follow);
  }

  #isOpen(follow: Follow): boolean {
    return this.#open.includes(follow);
  }

  /** What fails ends the follow. */
  async #trying(follow: Follow, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!this.#isOpen(follow)) return;
      this.#forget(follow);
      await this.#fail(follow.id, error);
    }
  }

  /** Goes on when there is an update; till then nothing is under way for it, however long that takes. */
  async #wait(follow: Follow, from: string | undefined): Promise<void> {
    if (!follow.next || !this.#isOpen(follow)) return;
    const going = { timeoutMs: follow.timeoutMs, isPushed: true } as const;
    const waiting = await follow.next(from, going, () => !this.#isOpen(follow));
    follow.waiting = waiting;
    if (!this.#isOpen(follow)) waiting.abandon();
    waiting.wait((update) => {
      follow.waiting = undefined;
      void this.#trying(follow, async () => this.#tell(follow, await update));
    });
  }

  async #tell(follow: Follow, { pos, text }: Update): Promise<void> {
    // What came too late is told again by whatever goes on from there.
    if (!this.#isOpen(follow)) return;
    follow.sentAt = Infinity;
    follow.sent = pos;
    await this.#say({ type: 'update', id: follow.id, pos }, text);
    if (follow.sent === pos) follow.sentAt = this.#deps.clock.now();
  }

  /** An acknowledgement asks for the next update: too many of them are served later, and together. */
  async #turn(follow: Follow): Promise<void> {
    const { takeTurn, clock } = this.#deps;
    while (this.#isOpen(follow)) {
      try {
        takeTurn(this.#caller);
        return;
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
        await clock.sleep(Number(error.extra['retry_after_ms'] ?? 0));
      }
    }
  }

  #fail(id: number, error: unknown): Promise<void> {
    const known = knownError(error);
    if (!known) this.#deps.log.error('following failed', { err: error });
    const told = known ?? new MatrixError('M_UNKNOWN', 'internal server error');
    return this.#say({ type: 'over', id, status: told.status }, JSON.stringify(told));
  }
}

const tooMany = (): MatrixError =>
  new MatrixError('M_LIMIT_EXCEEDED', `more than ${WEBSOCKET.maxFollows} follows on one socket`, {
    extra: { retry_after_ms: 1000 },
  });
