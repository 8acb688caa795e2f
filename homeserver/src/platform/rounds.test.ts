import { expect } from 'chai';
import { ManualClock } from '../testing/manual-clock.ts';
import { Background } from './background.ts';
import type { Clock } from './clock.ts';
import { silentLog } from './log.ts';
import { Rounds } from './rounds.ts';

const EVERY_MS = 1_000;

const roundsBy = (clock: Clock) => {
  const done = { count: 0 };
  const work = (): Promise<unknown> => Promise.resolve(done.count++);
  const rounds = new Rounds({ clock, background: new Background(silentLog), name: 'work', everyMs: EVERY_MS, work });
  return { rounds, done };
};
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('rounds', () => {
  it('begin at once, and not again before a while has passed', async () => {
    const clock = new ManualClock();
    const { rounds, done } = roundsBy(clock);
    rounds.ask();
    await settled();
    expect(done.count).to.equal(1);
    for (let i = 0; i < 3; i++) rounds.ask();
    clock.advance(EVERY_MS - 1);
    await settled();
    expect(done.count).to.equal(1);
    clock.advance(1);
    await settled();
    expect(done.count).to.equal(2);
  });

  it('do at the end what was asked for', async () => {
    const { rounds, done } = roundsBy(new ManualClock());
    rounds.ask();
    await settled();
    rounds.ask();
    await rounds[Symbol.asyncDispose]();
    expect(done.count).to.equal(2);
  });

  it('do not wait for hours because the clock was set back', async () => {
    const manual = new ManualClock();
    let setBack = 0;
    const clock = {
      now: () => (manual.now() - setBack) as ReturnType<Clock['now']>,
      sleep: (ms: number, signal?: AbortSignal) => manual.sleep(ms, signal),
    };
    const { rounds, done } = roundsBy(clock);
    rounds.ask();
    await settled();
    setBack = 3_600_000;
    rounds.ask();
    manual.advance(EVERY_MS);
    await settled();
    expect(done.count).to.equal(2);
  });
});
