import { authDifference } from '@holm/homeserver/core/state/auth-difference';
import { conflictedSubgraph } from '@holm/homeserver/core/state/auth-sweep';
import { branches, oldRoom } from './old-room.ts';
import { type Table, time } from './table.ts';

const GOAL_MS = 20;
const REPEATED = 40;

/** Auth differences in a room with a long history, when nothing but its graph is asked. */
export const measureAuthority = (table: Table, events: number): void => {
  const { graph, current, members, power, rules, oldPower } = oldRoom(events);
  const [third = power] = oldPower.slice(Math.floor(oldPower.length / 3));
  const newest = members.slice(-10);
  const forks = {
    'a fork of now': branches(
      graph,
      newest.map((member, i) => (i % 2 === 0 ? [0, 1, power, member] : [0, power, rules, member])),
    ),
    'one that reaches back into the first third': branches(
      graph,
      newest.map((member, i) => [0, i % 2 === 0 ? third : third - 1, rules, member]),
    ),
  };
  for (const [what, sets] of Object.entries(forks)) {
    const took = cpuOf(() => authDifference(graph, sets, { inclusive: true, inAll: current }));
    table.add(`auth difference, ${events.toLocaleString('en')} events, ${what}`, time(took), {
      goal: `at most ${GOAL_MS} ms`,
      isMet: took <= GOAL_MS,
    });
  }
  const [sets = []] = Object.values(forks);
  const subgraph = cpuOf(() => conflictedSubgraph(graph, sets.flat()));
  table.add('conflicted subgraph of the same', time(subgraph));
};

/** Milliseconds of computing, whatever else the machine is busy with. The clock for it is coarse, so it is a mean. */
const cpuOf = (work: () => unknown): number => {
  work();
  const before = process.threadCpuUsage();
  for (let i = 0; i < REPEATED; i++) work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / REPEATED;
};
