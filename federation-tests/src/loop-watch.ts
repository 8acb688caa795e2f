import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Database, type Tx } from '@holm/homeserver/storage/database';
import type { Sql } from '@holm/homeserver/storage/sql';

/** What servers of this process did in one go, at most. */
export interface InOneGo {
  /**
   * Processor time between two turns of the event loop, without what V8 took to collect garbage: all tests of a run share that. How busy
   * the machine is has hardly a part in it.
   */
  readonly workedMs: number;
  /** Values given to a statement in one list, or rows that it answered with. */
  readonly rows: number;
  /** The statement of those. */
  readonly statement: string;
}

/** Watches the event loop and the database of all servers of this process while `work` is done. */
export const inOneGo = async (work: () => Promise<unknown>): Promise<InOneGo> => {
  const queries = watchQueries();
  const collections = watchCollections();
  const turns: Turn[] = [];
  let isOver = false;
  let last = process.threadCpuUsage();
  let from = performance.now();
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    const to = performance.now();
    if (user + system > 1000) turns.push({ from, to, ms: (user + system) / 1000 });
    last = process.threadCpuUsage();
    from = to;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } finally {
    isOver = true;
    queries.stop();
  }
  const collected = await collections.stop();
  return { workedMs: Math.max(0, ...turns.map((one) => one.ms - within(one, collected))), ...queries.most };
};

interface Turn {
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

const within = ({ from, to }: Turn, collected: readonly PerformanceEntry[]): number => {
  const inside = collected.filter(({ startTime }) => startTime >= from && startTime <= to);
  return inside.reduce((ms, { duration }) => ms + duration, 0);
};

const watchCollections = () => {
  const seen: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => void seen.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  /** What there was; it is told a turn or two later. */
  const stop = async (): Promise<readonly PerformanceEntry[]> => {
    await nextTurn();
    await nextTurn();
    seen.push(...observer.takeRecords());
    observer.disconnect();
    return seen;
  };
  return { stop };
};

const ASKS = ['rows', 'run', 'transact', 'read'] as const;
type Ask = (this: unknown, what: never) => Promise<unknown>;

const watchQueries = () => {
  const most = { rows: 0, statement: '' };
  const note = ({ name, text }: Sql, rows: number): void => {
    // The numbers of a room's keys are short, and there are no more than some thousand: see `rooms/state/room-keys.ts`.
    if (name?.startsWith('keys.') === true) return;
    if (rows > most.rows) Object.assign(most, { rows, statement: name ?? text });
  };
  const watched = (of: unknown, ask: Ask) => async (statement: Sql) => {
    for (const value of statement.values) if (Array.isArray(value)) note(statement, value.length);
    const answer = await ask.call(of, statement as never);
    if (Array.isArray(answer)) note(statement, answer.length);
    return answer;
  };
  const inside = (tx: Tx): Tx =>
    new Proxy(tx, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return key === 'rows' || key === 'run' ? watched(target, value as Ask) : (value.bind(target) as unknown);
      },
    });
  const real = Object.fromEntries(ASKS.map((name) => [name, Reflect.get(Database.prototype, name) as Ask]));
  for (const [name, ask] of Object.entries(real)) {
    const isStatement = name === 'rows' || name === 'run';
    Reflect.set(Database.prototype, name, function (this: Database, what: Sql | ((tx: Tx) => Promise<unknown>)) {
      if (isStatement) return watched(this, ask)(what as Sql);
      return ask.call(this, ((tx: Tx) => (what as (tx: Tx) => Promise<unknown>)(inside(tx))) as never);
    });
  }
  return { most, stop: () => void Object.assign(Database.prototype, real) };
};
