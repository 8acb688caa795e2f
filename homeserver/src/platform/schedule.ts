import { schedule as cron } from 'node-cron';
import type { Background } from './background.ts';

/** Starts recurring jobs. Cron only ticks: what is due is decided by the job itself, from the database. */
export interface Schedule extends Disposable {
  /** `expression` is a cron expression, with seconds when it has six fields. */
  every(expression: string, name: string, job: () => Promise<void>): void;
}

export const createSchedule = (background: Background): Schedule => {
  const tasks: { destroy(): void | Promise<void> }[] = [];
  return {
    every(expression, name, job) {
      tasks.push(cron(expression, () => background.run(name, job), { name, noOverlap: true }));
    },
    [Symbol.dispose]() {
      for (const task of tasks) void task.destroy();
    },
  };
};
