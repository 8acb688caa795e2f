import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { Background } from './background.ts';
import { silentLog } from './log.ts';
import { type Cron, createSchedule, systemCron } from './schedule.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

describe('systemCron', () => {
  let ticks: number;
  beforeEach(() => {
    ticks = 0;
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: new Date(2026, 0, 15, 12, 0, 10) });
  });
  afterEach(() => mock.timers.reset());

  const pass = async (ms: number): Promise<void> => {
    mock.timers.tick(ms);
    await setImmediate();
  };

  it('ticks when it is time, and not after it was disposed of', async () => {
    const cron = systemCron('* * * * *', () => ticks++);
    await pass(49 * SECOND);
    expect(ticks).to.equal(0);
    await pass(SECOND);
    expect(ticks).to.equal(1);
    await pass(MINUTE);
    expect(ticks).to.equal(2);
    cron[Symbol.dispose]();
    await pass(5 * MINUTE);
    expect(ticks).to.equal(2);
  });

  for (const [what, ms] of [
    ['a little', 3 * SECOND],
    ['for days', 3 * DAY + MINUTE],
  ] as const) {
    it(`ticks once if it comes late ${what}`, async () => {
      using _ = systemCron('1 12 * * *', () => ticks++);
      // The clock goes on, and no timer with it.
      mock.timers.setTime(Date.now() + ms);
      await pass(50 * SECOND);
      expect(ticks).to.equal(1);
    });
  }
});

describe('a schedule', () => {
  it('has a job done once at a time, and again after it has failed', async () => {
    const background = new Background(silentLog);
    const ticks: (() => void)[] = [];
    const cron: Cron = (_, tick) => {
      ticks.push(tick);
      return { [Symbol.dispose]: () => ticks.splice(0) };
    };
    const schedule = createSchedule(background, cron);
    const runs: PromiseWithResolvers<void>[] = [];
    const job = () => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      return run.promise;
    };
    schedule.every('* * * * *', 'some work', job);
    ticks[0]!();
    ticks[0]!();
    expect(runs.length).to.equal(1);
    runs[0]!.reject(new Error('not today'));
    await background.idle();
    ticks[0]!();
    expect(runs.length).to.equal(2);
    runs[1]!.resolve();
    await background.idle();
    schedule[Symbol.dispose]();
    expect(ticks).to.eql([]);
  });
});
