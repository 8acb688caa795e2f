/** Longer than nearly all pieces of work, and short enough for two in a row to go unnoticed. */
const TURN_MS = 6;

/**
 * Lets others have their turn during work that is long for being in proportion to something large.
 *
 *     const turns = new Turns();
 *     for (const one of many) {
 *       if (turns.isOver) await turns.next();
 *       ...
 *     }
 */
export class Turns {
  readonly #turnMs: number;
  #since = performance.now();

  constructor(turnMs = TURN_MS) {
    this.#turnMs = turnMs;
  }

  /** Whether the loop has been held for long enough. */
  get isOver(): boolean {
    return performance.now() - this.#since >= this.#turnMs;
  }

  /** Resolves when everybody else has had a turn. */
  async next(): Promise<void> {
    await othersHaveTheirTurn();
    this.#since = performance.now();
  }
}

/** As `Array.map`, in turns. */
export const mapInTurns = async <T, U>(all: Iterable<T>, map: (one: T) => U): Promise<U[]> => {
  const turns = new Turns();
  const mapped: U[] = [];
  for (const one of all) {
    if (turns.isOver) await turns.next();
    mapped.push(map(one));
  }
  return mapped;
};

/** Long work in pieces, with a turn for everybody else after each. */
export async function* slices<T>(items: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) {
    yield items.slice(from, from + size);
    await othersHaveTheirTurn();
  }
}

/** Runs work that stops from time to time, in turns. */
export const inTurns = async <T>(work: Iterator<void, T>): Promise<T> => {
  const turns = new Turns();
  let step = work.next();
  while (step.done !== true) {
    if (turns.isOver) await turns.next();
    step = work.next();
  }
  return step.value;
};

const othersHaveTheirTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
