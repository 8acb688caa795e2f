import { MatrixError } from '@holm/spec/errors';
import { HungUpError } from '../../http/body.ts';
import type { Waiting } from '../../http/later.ts';
import type { Caller } from '../../http/route.ts';
import type { Deadlines, Timed } from '../../platform/deadlines.ts';
import { NOWHERE } from '../../platform/place.ts';
import { currentRequestId, withRequestId } from '../../platform/request-id.ts';
import { beginSoon } from '../../platform/turns.ts';
import type { Notifier, Waiter } from '../../streams/notifier.ts';
import type { PresenceState } from '../presence/index.ts';
import type { Followers } from './followers.sync.ts';
import type { Ended, Ending, OpenPolls } from './open-polls.ts';

export interface PollDeps {
  readonly notifier: Notifier;
  readonly deadlines: Deadlines;
  /** Those who ask, and those who are pushed what is new: how many there may be of these is up to whoever does that. */
  readonly polls: OpenPolls;
  readonly follows: OpenPolls;
  /** Absent where nobody is shown who is online. */
  readonly presence: Followers | undefined;
}

/** What whoever waits has asked for, in any dialect. */
export interface PollWish {
  readonly viewer: Caller;
  /** How long to wait for news; it is up to whoever asks to bound it. */
  readonly timeoutMs: number;
  /** How the client says that its user is; by default, online. */
  readonly setPresence?: PresenceState | undefined;
  /** The answer is not of a request of its own. */
  readonly isPushed?: true;
}

/**
 * A client that waits for news. Thousands do at a time: between two looks this object, and where it is registered, is all
 * that there is of one; no promise, no timer, and no frame of a function that goes on after.
 */
export abstract class Poll<Answer> implements Waiting<Answer>, Waiter, Timed, Ended {
  dueAt = 0;
  place = NOWHERE;
  readonly #deps: PollDeps;
  readonly #wish: PollWish;
  /** Others wake it; its log lines are of its own request. */
  readonly #requestId = currentRequestId();
  #ready: ((answer: Promise<Answer>) => void) | undefined;
  #following: Disposable | undefined;
  #ending: Ending | undefined;
  #isRung = false;
  #isLooking = false;

  constructor(deps: PollDeps, wish: PollWish) {
    this.#deps = deps;
    this.#wish = wish;
  }

  /** What there is to tell; nothing where that would be nothing new, unless it is the last look. */
  protected abstract look(isLast: boolean): Promise<Answer | undefined>;

  /** What is done before the first look, by who is listening already. */
  protected prepare(): Promise<void> | undefined {
    return undefined;
  }

  /** What is done once nobody waits any more. */
  protected over(): void {
    return undefined;
  }

  wait(ready: (answer: Promise<Answer>) => void): void {
    const { notifier, presence } = this.#deps;
    const { viewer, setPresence } = this.#wish;
    this.#ready = ready;
    this.#following = presence?.follow(viewer, setPresence);
    // Listen first, then read: what is written in between rings.
    notifier.listen(viewer.userId, this);
    this.#isLooking = true;
    this.#open.add(viewer.tokenId, this);
    void this.#run(this.prepare());
  }

  ring(): void {
    if (this.#isRung || !this.#ready) return;
    this.#isRung = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    // Not at once: whoever rings has others to ring.
    beginSoon(() => withRequestId(this.#requestId, () => this.#run()));
  }

  /** Its time is up. */
  due(): void {
    this.end('over');
  }

  hurry(): void {
    this.end('over');
  }

  abandon(): void {
    this.end('gone');
  }

  end(how: Ending): void {
    // Whose time is up may still go, or lose their session, while the last answer is made.
    if (this.#ending === undefined || this.#ending === 'over') this.#ending = how;
    this.ring();
  }

  get #open(): OpenPolls {
    return this.#wish.isPushed === true ? this.#deps.follows : this.#deps.polls;
  }

  async #run(before?: Promise<void>): Promise<void> {
    try {
      if (before) await before;
      do {
        this.#isRung = false;
        if (this.isGone()) throw new HungUpError('nobody waits for the answer any more');
        this.#assertMayBeTold();
        const answer = await this.look(this.#ending !== undefined);
        this.#assertMayBeTold();
        if (answer !== undefined) {
          this.#finish(Promise.resolve(answer));
          return;
        }
      } while (this.#hasToLookAgain());
      this.#isLooking = false;
      if (this.place === NOWHERE) this.#deps.deadlines.add(this, this.#wish.timeoutMs);
    } catch (error) {
      this.#finish(Promise.reject(error instanceof Error ? error : new Error('a look failed', { cause: error })));
    }
  }

  #assertMayBeTold(): void {
    if (this.#ending === 'session ended') throw new MatrixError('M_UNKNOWN_TOKEN', 'this session has ended');
  }

  /** What is looked for then need not be found. */
  protected isGone(): boolean {
    return this.#ending === 'gone';
  }

  /** Whether it was rung while it looked. */
  #hasToLookAgain(): boolean {
    return this.#isRung;
  }

  #finish(answer: Promise<Answer>): void {
    const ready = this.#ready;
    const { notifier, deadlines } = this.#deps;
    const { userId, tokenId } = this.#wish.viewer;
    this.#ready = undefined;
    notifier.leave(userId, this);
    this.#open.delete(tokenId, this);
    deadlines.remove(this);
    this.#following?.[Symbol.dispose]();
    this.over();
    ready?.(answer);
  }
}
