import { schedule } from 'node-cron';
import type { Background } from './background.ts';

/** Calls back whenever a cron expression says so, until it is disposed of. The expression has seconds when it has six fields. */
export type Cron = (expression: string, tick: () => void) => Disposable;

/**
 * By the clock on the wall. A tick that comes late, because something else has kept the process busy or the machine has slept, still
 * comes: one for all that were missed. Otherwise what is done once a night might not be done for days.
 */
export const systemCron: Cron = (expression, tick) => {
  const task = schedule(expression, tick, { missedExecutionTolerance: Infinity, suppressMissedWarning: true });
  return { [Symbol.dispose]: () => void task.destroy() };
};

/** Starts recurring jobs. Cron only ticks: what is due is decided by the job itself, from the database. */
export interface Schedule extends Disposable {
  /** At most once at a time: what becomes due meanwhile waits for the next tick. */
  every(expression: string, name: string, job: () => Promise<void>): void;
}

export const createSchedule = (background: Background, cron: Cron): Schedule => {
  const stack = new DisposableStack();
  return {
    every(expression, name, job) {
      let isRunning = false;
      const run = async (): Promise<void> => {
        isRunning = true;
        try {
          await job();
        } finally {
          isRunning = false;
        }
      };
      const tick = () => {
        if (!isRunning) background.run(name, run);
      };
      stack.use(cron(expression, tick));
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
};
