import type { Held } from '../loop-watch.ts';
import { type Table, time } from './table.ts';

/** Goal of issue 3: longer than that, room work never holds the event loop. */
const MOST_HELD_MS = 20;

/** How long a server's event loop was held at most, as a clock has it and by what the server itself did. */
export const addHeld = (table: Table, held: Held): void => {
  const goal = (ms: number) => ({ goal: `at most ${MOST_HELD_MS} ms`, isMet: ms <= MOST_HELD_MS });
  table.add('    event loop held, at most', time(held.loopMs), goal(held.loopMs));
  table.add('    at work in one go, at most', time(held.workedMs), goal(held.workedMs));
  table.add('        collecting garbage left out', time(held.ownMs));
  table.add('        one collection', `${time(held.garbageMs)}; ${(held.garbageShare * 100).toFixed(0)} % in all`);
};
