import type { Head, SnapshotId } from '@holm/homeserver/rooms/model';
import { Resolution } from '@holm/homeserver/rooms/state/resolution';
import { timed } from '../load.ts';
import { median, type Table, time } from './table.ts';
import type { WideRoom, Wish } from './wide-room.ts';

const GOAL_MS = 15;
const GOAL_RATIO = 2;
const CHANGES = 5;
/** Before the engine runs at the speed that it has in a server that has been up for a while. */
const WARMING_UP = 20;
const REPEATED = 21;

/**
 * Resolves states that differ in ten keys: on one side the administrator has removed five people, on the other five
 * have changed their names. The sides rest on different members, so that their auth chains differ, too. The rooms are compared
 * by what their events take that are in memory, which all of a small room are: to read ten from the database takes what it takes.
 */
export const measureForks = async (table: Table, small: WideRoom, large: WideRoom): Promise<void> => {
  const rooms = [small, large].map((wide) => ({
    wide,
    resolution: new Resolution(wide.engine),
    times: [] as number[],
    strangers: [] as number[],
  }));
  for (let i = 0; i < WARMING_UP + REPEATED; i++) {
    for (const { wide, resolution, times, strangers } of rooms) {
      times.push(await resolveOne(wide, resolution, 0));
      strangers.push(await resolveOne(wide, resolution, i));
    }
  }
  const medians = rooms.map(({ wide, times, strangers }) => {
    const [[first = 0], others] = [times, times.slice(WARMING_UP)];
    const size = `${(wide.head.nextKey - 32).toLocaleString('en')} keys`;
    const isLarge = wide === large;
    table.add(
      `resolving two states of ${size} that differ in ten`,
      `${time(median(others))}; the first ${time(first)}`,
      isLarge ? { goal: `at most ${GOAL_MS} ms`, isMet: median(others) <= GOAL_MS } : undefined,
    );
    if (isLarge) table.add('    of people whose events are not in memory', time(median(strangers.slice(WARMING_UP))));
    return median(others);
  });
  const ratio = (medians[1] ?? 0) / (medians[0] ?? 1);
  table.add('    the large room beside the small one', `${ratio.toFixed(2)} times`, {
    goal: `at most ${GOAL_RATIO} times`,
    isMet: ratio <= GOAL_RATIO,
    isFirm: true,
  });
};

const resolveOne = async (wide: WideRoom, resolution: Resolution, round: number): Promise<number> => {
  const kicks = Array.from({ length: CHANGES }, (_, i): Wish => {
    const user = wide.person((round * 10 + i) % wide.members);
    return { type: 'm.room.member', stateKey: user, content: { membership: 'leave' } };
  });
  const renames = Array.from({ length: CHANGES }, (_, i) =>
    wide.profile((round * 10 + CHANGES + i) % wide.members, `round ${round}`),
  );
  const base = wide.head;
  const states = [await branch(wide, base, kicks), await branch(wide, base, renames)];
  const change = wide.change();
  let resolved: SnapshotId = 0;
  const took = await timed(async () => {
    resolved = (await resolution.resolve(states, change)).snapshot;
  });
  const differing = await wide.engine.tries.diff(base.snapshot, resolved);
  if (differing.length !== 2 * CHANGES) throw new Error(`${differing.length} keys changed instead of ${2 * CHANGES}`);
  return took;
};

/** Stores a branch; resolves to the state at its end. */
const branch = async (wide: WideRoom, base: Head, wishes: readonly Wish[]): Promise<SnapshotId> => {
  const change = wide.change();
  let state = base.snapshot;
  for (const wish of wishes) {
    ({ after: state } = await wide.place(change, wish, { before: state, position: undefined }));
  }
  if (!(await wide.engine.committer.commit(change, []))) throw new Error('somebody else was faster');
  return state;
};
