import type { Position } from '../../streams/stream.ts';
import { parseSyncToken, syncToken } from '../../streams/tokens.ts';
import type { Positions } from './view.sync.ts';

/**
 * How far everybody may look at this moment, and the token of that: most of those who ask have come as far, so that both are
 * made once for all of them.
 */
export class SettledPlace {
  readonly #streams: readonly { readonly settled: Position }[];
  #now: Positions = [];
  #token: string | undefined;

  /** The streams in the order of their positions in tokens. */
  constructor(streams: readonly { readonly settled: Position }[]) {
    this.#streams = streams;
  }

  /** The same array until one of the streams goes on. */
  get now(): Positions {
    if (this.#streams.every((stream, i) => stream.settled === this.#now[i])) return this.#now;
    this.#token = undefined;
    return (this.#now = this.#streams.map((stream) => stream.settled));
  }

  /** The place that a token stands for; M_INVALID_PARAM for what is none. */
  of(token: string): Positions {
    return token === this.#token ? this.#now : parseSyncToken(token);
  }

  tokenOf(place: Positions): string {
    return place === this.#now ? (this.#token ??= syncToken(place)) : syncToken(place);
  }
}
