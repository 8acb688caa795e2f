/** Longer than nearly all pieces of work, and so short that it goes unnoticed; it is what others wait for several times. */
const TURN_MS = 4;

/** When long work began to hold the loop this time round, and whose turn it is next. */
interface Loop {
  heldSince: number | undefined;
  isWatched: boolean;
  readonly waiting: (() => void)[];
}

/**
 * A process has one loop, whoever runs on it: all long work together has one turn of it, before everybody else has theirs.
 * Otherwise three joins at a time would hold it for three turns.
 */
const loop: Loop = { heldSince: undefined, isWatched: false, waiting: [] };

/** Called once each time round, while there is long work. */
const watchLoop = (): void => {
  if (loop.isWatched) return;
  loop.isWatched = true;
  setImmediate(() => {
    loop.isWatched = false;
    loop.heldSince = undefined;
    // One after the other, each for a whole turn.
    loop.waiting.shift()?.();
    if (loop.waiting.length > 0) watchLoop();
  });
};

const heldSince = (): number => {
  watchLoop();
  loop.heldSince ??= performance.now();
  return loop.heldSince;
};

const othersHaveTheirTurn = (): Promise<void> =>
  new Promise((resolve) => {
    loop.waiting.push(resolve);
    watchLoop();
  });

/** Resolves when everything that has come in by now has been begun. */
export const onceRound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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

  constructor(turnMs = TURN_MS) {
    this.#turnMs = turnMs;
  }

  /** Whether the loop has been held for long enough, by whomever. */
  get isOver(): boolean {
    return performance.now() - heldSince() >= this.#turnMs;
  }

  /** Resolves when everybody else has had a turn. */
  next(): Promise<void> {
    return othersHaveTheirTurn();
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

/** As `Array.filter`, in turns. */
export const filterInTurns = async <T>(all: Iterable<T>, isWanted: (one: T) => boolean): Promise<T[]> => {
  const wanted: T[] = [];
  const turns = new Turns();
  for (const one of all) {
    if (turns.isOver) await turns.next();
    if (isWanted(one)) wanted.push(one);
  }
  return wanted;
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

/** So many are begun between two turns of others, for the tenth of a millisecond or so that each then takes. */
const BEGUN_TOGETHER = 64;

/** How many have begun since others had their turn, and who has to wait. */
const beginnings = { begun: 0, waiting: [] as (() => unknown)[], isResting: false };

/**
 * Begins something that goes on by itself, after what runs now. Where thousands want to at the same time, those that are
 * too many wait for others to have their turn, and leave half of the next one to whoever comes then: a message is not told
 * later because thousands are being told who is online.
 */
export const beginSoon = (work: () => unknown): void => {
  if (beginnings.begun < BEGUN_TOGETHER) begin(work);
  else beginnings.waiting.push(work);
  if (beginnings.begun === BEGUN_TOGETHER) restBeforeMore();
};

const begin = (work: () => unknown): void => {
  beginnings.begun++;
  // Not `queueMicrotask`, for which Node makes an object each time.
  void Promise.resolve().then(work);
};

const restBeforeMore = (): void => {
  if (beginnings.isResting) return;
  beginnings.isResting = true;
  setImmediate(() => {
    beginnings.isResting = false;
    beginnings.begun = 0;
    beginnings.waiting.splice(0, BEGUN_TOGETHER / 2).forEach(begin);
    if (beginnings.waiting.length > 0) restBeforeMore();
  });
};
