import type { RoomEngine } from '@holm/homeserver/rooms/engine';
import { timed } from '../load.ts';
import type { LocalEngine } from './local-engine.ts';
import { StateChanges } from './state-changes.ts';
import { bytes, median, type Table, time } from './table.ts';
import { growth, STATE_TABLES, sumOf, tableSizes, vacuumedSizes } from './table-sizes.ts';
import { WideRoom } from './wide-room.ts';

const GOAL_BYTES = 400;
const APART = 150;
const REPEATED = 25;

export interface RoomSize {
  readonly name: string;
  readonly members: number;
  readonly changes: number;
}

/** What a change of a room's state leaves on the disk, and what reading such states takes. */
export const measureState = async (table: Table, local: LocalEngine, size: RoomSize): Promise<WideRoom> => {
  const wide = await WideRoom.create(local, size.name, size.members);
  const before = await tableSizes(local.db);
  const changes = new StateChanges(wide, 1);
  await changes.make(size.changes);
  const grown = growth(before, await vacuumedSizes(local.db));
  const keys = `${(wide.head.nextKey - 32).toLocaleString('en')} keys`;
  const each = (tables: readonly string[]): number => sumOf(grown, tables) / changes.count;
  table.add(`${keys}: a state change on disk, state tables with indexes`, bytes(each(STATE_TABLES)), {
    goal: `at most ${GOAL_BYTES}`,
    isMet: each(STATE_TABLES) <= GOAL_BYTES,
    isFirm: true,
  });
  for (const name of STATE_TABLES) table.add(`    ${name}`, bytes(each([name])));
  for (const name of ['memberships', 'events']) {
    table.add(`    beside it: ${name}`, bytes(each([name])));
  }
  await measureReads(table, local, { keys, changes, wide });
  return wide;
};

const measureReads = async (
  table: Table,
  local: LocalEngine,
  { keys, changes, wide }: { readonly keys: string; readonly changes: StateChanges; readonly wide: WideRoom },
): Promise<void> => {
  const { snapshots } = changes;
  const step = Math.floor((snapshots.length - APART) / REPEATED);
  const reads: Readonly<Record<string, (engine: RoomEngine, index: number) => Promise<unknown>>> = {
    [`difference of states ${APART} changes apart`]: ({ tries }, i) =>
      tries.diff(snapshots[i * step] ?? 0, snapshots[i * step + APART] ?? 0),
    'one key of a state': ({ tries }, i) => tries.lookup(snapshots[i * step] ?? 0, [32 + ((i * 797) % wide.members)]),
    'a whole state': ({ tries }, i) => tries.entries(snapshots[i * step] ?? 0),
  };
  for (const [what, read] of Object.entries(reads)) {
    const { engine } = wide;
    const [cold, warm]: [number[], number[]] = [[], []];
    for (let i = 0; i < REPEATED; i++) {
      const fresh = await local.restart();
      cold.push(await timed(() => read(fresh, i)));
      await read(engine, i);
      warm.push(await timed(() => read(engine, i)));
    }
    table.add(`${keys}: ${what}`, `${time(median(warm))}; ${time(median(cold))} from the database`);
  }
};
