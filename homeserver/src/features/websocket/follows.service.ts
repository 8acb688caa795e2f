import { MatrixError } from '@holm/spec/errors';
import { type ClientHead } from '@holm/spec/extensions/websocket';
import { WEBSOCKET } from '@holm/spec/extensions/websocket-wire';
import { knownError } from '../../http/respond.ts';
import type { Caller } from '../../http/route.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Answer, Following } from '../sync/index.ts';
import type { Say } from './requests.service.ts';

export type FollowHead = Extract<ClientHead, { type: 'follow' }>;

export interface FollowsDeps {
  readonly following: Following;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts a sync. Throws M_LIMIT_EXCEEDED. */
  readonly takeTurn: (caller: Caller) => void;
}

/** One follow: what was told last, and who waits for that to be acknowledged. */
class Follow extends AbortController {
  sent: string | undefined;
  /** When it was written to the network. */
  sentAt = Infinity;
  acknowledged: () => void = () => undefined;
}

/** What a client follows over its socket. */
export class Follows {
  readonly #deps: FollowsDeps;
  readonly #caller: Caller;
  readonly #say: Say;
  readonly #open = new Map<number, Follow>();

  constructor(deps: FollowsDeps, caller: Caller, say: Say) {
    this.#deps = deps;
    this.#caller = caller;
    this.#say = say;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  async begin(head: FollowHead, payload: string): Promise<void> {
    const follow = new Follow();
    const { id } = head;
    try {
      if (this.#open.size >= WEBSOCKET.maxFollows) throw tooMany();
      this.#open.set(id, follow);
      this.#deps.takeTurn(this.#caller);
      await this.#run(follow, head, payload);
    } catch (error) {
      if (!follow.signal.aborted) await this.#fail(id, error);
    } finally {
      if (this.#open.get(id) === follow) this.#open.delete(id);
    }
  }

  /** False for what is not an update that waits for this. */
  acknowledge(id: number, pos: string): boolean {
    const follow = this.#open.get(id);
    // Of a follow that ended while this was on its way.
    if (!follow) return true;
    if (follow.sent !== pos) return false;
    follow.sent = undefined;
    follow.acknowledged();
    return true;
  }

  end(id: number): void {
    const follow = this.#open.get(id);
    this.#open.delete(id);
    follow?.abort(ENDED);
    follow?.acknowledged();
  }

  endAll(): void {
    for (const id of this.#open.keys()) this.end(id);
  }

  /** For how long an update has been waiting to be acknowledged, in milliseconds. */
  unacknowledgedMs(now: number): number {
    let oldest = now;
    for (const { sent, sentAt } of this.#open.values()) if (sent !== undefined) oldest = Math.min(oldest, sentAt);
    return now - oldest;
  }

  async #run(follow: Follow, { id, dialect, query, pos, timeout }: FollowHead, payload: string): Promise<void> {
    const { signal } = follow;
    const { following } = this.#deps;
    const next = await following.begin(this.#caller, { dialect, query, bodyText: payload });
    const going = { timeoutMs: timeout ?? WEBSOCKET.maxSilenceMs, signal, isPushed: true } as const;
    for (let from = pos; !signal.aborted;) from = await this.#tell(follow, id, () => next(from, going));
  }

  /** Waits for one update and sees it through. Nothing of it may stay behind, as it would in the frame of a loop. */
  async #tell(follow: Follow, id: number, next: () => Promise<Answer>): Promise<string> {
    const { pos, text } = await next();
    // What came too late is told again by whatever goes on from there.
    if (follow.signal.aborted) return pos;
    const acknowledged = new Promise<void>((resolve) => (follow.acknowledged = resolve));
    follow.sentAt = Infinity;
    follow.sent = pos;
    await this.#say({ type: 'update', id, pos }, text);
    follow.sentAt = this.#deps.clock.now();
    await acknowledged;
    await this.#turn(follow.signal);
    return pos;
  }

  /** An acknowledgement asks for the next update: too many of them are served later, and together. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { takeTurn, clock } = this.#deps;
    while (!signal.aborted) {
      try {
        takeTurn(this.#caller);
        return;
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
        await clock.sleep(Number(error.extra['retry_after_ms'] ?? 0), signal);
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

const ENDED = Symbol('the follow has ended');

const tooMany = (): MatrixError =>
  new MatrixError('M_LIMIT_EXCEEDED', `more than ${WEBSOCKET.maxFollows} follows on one socket`, {
    extra: { retry_after_ms: 1000 },
  });
