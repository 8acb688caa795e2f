/** So many times in a row above the limit, and it is meant. */
const STRIKES = 2;
/** Clients overshoot while they find out what a network carries, and learn with a delay of what they may send. */
const TOLERANCE = 1.5;

interface Counted {
  readonly bytes: number;
  readonly at: number;
  readonly strikes: number;
}

/** Finds out who goes on to send more than they may, from how much has come of each by now. */
export class Excess<Sender extends object> {
  readonly #limit: number;
  readonly #counted = new WeakMap<Sender, Counted>();

  /** `limit` is in bit per second. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether it is too much now. `bytes` is what has come in all, at the time `now` in milliseconds. */
  isTooMuch(sender: Sender, bytes: number, now: number): boolean {
    const before = this.#counted.get(sender);
    // A clock that was set back says nothing.
    const elapsedMs = before ? now - before.at : 0;
    const isAbove = before !== undefined && elapsedMs > 0 && this.#isAbove(bytes - before.bytes, elapsedMs);
    const strikes = isAbove ? before.strikes + 1 : 0;
    this.#counted.set(sender, { bytes, at: now, strikes });
    return strikes >= STRIKES;
  }

  #isAbove(bytes: number, elapsedMs: number): boolean {
    return (bytes * 8_000) / elapsedMs > this.#limit * TOLERANCE;
  }
}
