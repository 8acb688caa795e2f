import { Database, type Tx } from '@holm/homeserver/storage/database';
import type { Sql } from '@holm/homeserver/storage/sql';

/** What servers of this process did in one go, at most. */
export interface InOneGo {
  /** Processor time between two turns of the event loop. How busy the machine is has hardly a part in it. */
  readonly workedMs: number;
  /** Values given to a statement in one list, or rows that it answered with. */
  readonly rows: number;
  /** The statement of those. */
  readonly statement: string;
}

/** Watches the event loop and the database of all servers of this process while `work` is done. */
export const inOneGo = async (work: () => Promise<unknown>): Promise<InOneGo> => {
  const queries = watchQueries();
  let workedMs = 0;
  let isOver = false;
  let last = process.threadCpuUsage();
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    workedMs = Math.max(workedMs, (user + system) / 1000);
    last = process.threadCpuUsage();
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } finally {
    isOver = true;
    queries.stop();
  }
  return { workedMs, ...queries.most };
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
