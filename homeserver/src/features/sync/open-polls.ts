import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import { Groups } from '../../platform/groups.ts';
import type { SessionsEnded } from '../accounts/index.ts';

/** A client has one, or a few while connections change; more are those that it has lost, or somebody up to no good. */
const MAX_PER_SESSION = 20;

/** Far more than end while somebody sends the body of one request. */
const REMEMBERED = 10_000;

/** Of a request over HTTP. No client asks for more; a proxy in between would rarely allow it. */
export const LONGEST_POLL_MS = 120_000;

/** Why somebody waits no longer: their time is up, they do not listen any more, or they may not be told. */
export type Ending = 'over' | 'gone' | 'session ended';

/** Somebody who waits, and can be told to wait no longer. */
export interface Ended {
  end(how: Ending): void;
}

/** Readers that wait, so that they can be ended before their time. */
export class OpenPolls {
  readonly #maxPerSession: number;
  readonly #byToken = new Groups<number, Ended>();
  /** Access tokens that have ended lately: a request that has shown one of them before that may still be on its way here. */
  readonly #ended = new LRUCache<number, true>(atMost(REMEMBERED));

  constructor(maxPerSession = MAX_PER_SESSION) {
    this.#maxPerSession = maxPerSession;
  }

  /** It ends when the session of this access token does, or has opened many others since. */
  add(tokenId: number, poll: Ended): void {
    if (this.#ended.has(tokenId)) {
      poll.end('session ended');
      return;
    }
    if (this.#byToken.sizeOf(tokenId) >= this.#maxPerSession) {
      const [oldest] = this.#byToken.of(tokenId);
      if (oldest) {
        this.#byToken.delete(tokenId, oldest);
        oldest.end('over');
      }
    }
    this.#byToken.add(tokenId, poll);
  }

  delete(tokenId: number, poll: Ended): void {
    this.#byToken.delete(tokenId, poll);
  }

  end({ tokenIds }: Pick<SessionsEnded, 'tokenIds'>): void {
    for (const tokenId of tokenIds) {
      this.#ended.set(tokenId, true);
      for (const poll of this.#byToken.of(tokenId)) poll.end('session ended');
    }
  }

  get size(): number {
    return this.#byToken.size;
  }
}
