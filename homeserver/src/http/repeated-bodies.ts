import { LRUCache } from 'lru-cache';
import type { Caller } from './route.ts';

const KEPT_BYTES = 32_000_000;
/** What is made of a body is some times as large as its text. */
const BYTES_PER_CHARACTER = 10;
const BYTES_PER_BODY = 1_000;
/** Clients follow by more than one connection at a time. */
const PER_SESSION = 4;
/** Longer ones are read each time. */
const LONGEST = 10_000;

interface Known {
  readonly text: string;
  readonly body: unknown;
}

/**
 * Bodies that sessions send again and again in the very same words, as those do who ask for news. Each is read and checked
 * once: after that it is the same object, by which handlers know what they made of it.
 */
export class RepeatedBodies {
  /** By the session's token, the newest first. */
  readonly #known = new LRUCache<number, readonly Known[]>({ maxSize: KEPT_BYTES, sizeCalculation: sizeOf });

  /** What `read` makes of a text. */
  get({ tokenId }: Pick<Caller, 'tokenId'>, text: string, read: () => unknown): unknown {
    const bodies = this.#known.get(tokenId) ?? [];
    const known = bodies.find((one) => one.text === text);
    if (known) return known.body;
    const body = read();
    if (text.length <= LONGEST) this.#known.set(tokenId, [{ text, body }, ...bodies.slice(0, PER_SESSION - 1)]);
    return body;
  }
}

const sizeOf = (bodies: readonly Known[]): number =>
  bodies.reduce((sum, { text }) => sum + BYTES_PER_BODY + BYTES_PER_CHARACTER * text.length, 0);
