import type { EventId } from '@holm/spec/ids';
import type { Events, Reading, RoomState } from './state-sets.ts';

/** What went into a resolution, and what should come out. */
export interface Evidence {
  readonly reading: Reading;
  /** Events that lend no authority. */
  readonly rejected: ReadonlySet<EventId>;
  readonly sets: readonly RoomState[];
  readonly events: Events;
  readonly expected: RoomState;
}

/** Two ways to work something out have come to different results. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
  readonly evidence: Evidence | undefined;

  constructor(what: string, evidence?: Evidence) {
    super(what);
    this.evidence = evidence;
  }
}

/** Complains unless two lists hold the same in the same order. */
export const expectSame = (what: string, actual: readonly unknown[], expected: readonly unknown[]): void => {
  const same = actual.length === expected.length && actual.every((one, index) => Object.is(one, expected[index]));
  if (!same) throw new Mismatch(`${what}: [${actual.join(' ')}] instead of [${expected.join(' ')}]`);
};

export const isSameState = (a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean => {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value || !b.has(key)) return false;
  return true;
};
