import type { SessionsEnded } from '../accounts/index.ts';

/** A client has one, or a few while connections change; more are those that it has lost, or somebody up to no good. */
const MAX_PER_SESSION = 20;

/** Of a request over HTTP. No client asks for more; a proxy in between would rarely allow it. */
export const LONGEST_POLL_MS = 120_000;

/** Readers that wait, so that they can be ended before their time. */
export class OpenPolls {
  readonly #maxPerSession: number;
  readonly #byToken = new Map<number, Set<AbortController>>();

  constructor(maxPerSession = MAX_PER_SESSION) {
    this.#maxPerSession = maxPerSession;
  }

  /** Aborts when the session of this access token ends, or has opened many others since. */
  open(tokenId: number): AbortController & Disposable {
    const poll = new AbortController();
    const polls = this.#byToken.get(tokenId) ?? new Set();
    if (polls.size >= this.#maxPerSession)
      for (const oldest of polls) {
        oldest.abort(OVER);
        polls.delete(oldest);
        break;
      }
    polls.add(poll);
    this.#byToken.set(tokenId, polls);
    return Object.assign(poll, {
      [Symbol.dispose]: () => {
        polls.delete(poll);
        if (polls.size === 0 && this.#byToken.get(tokenId) === polls) this.#byToken.delete(tokenId);
      },
    });
  }

  end({ tokenIds }: Pick<SessionsEnded, 'tokenIds'>): void {
    for (const tokenId of tokenIds) {
      for (const poll of this.#byToken.get(tokenId) ?? []) poll.abort(SESSION_ENDED);
    }
  }

  get size(): number {
    let size = 0;
    for (const polls of this.#byToken.values()) size += polls.size;
    return size;
  }
}

// Reasons of our own: by default each abort makes an error with a stack.
export const SESSION_ENDED = Symbol('the session has ended');
export const OVER = Symbol('the poll is over');
