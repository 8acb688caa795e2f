import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'chai';
import { mapInTurns, Turns } from './turns.ts';

/** Keeps the processor busy. */
const busy = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end;);
};

describe('work in turns', () => {
  it('gives all of it, in order', async () => {
    expect(await mapInTurns([3, 1, 2], (n) => n * 2)).to.eql([6, 2, 4]);
  });

  it('lets others in between', async () => {
    const others: number[] = [];
    let isDone = false;
    const tick = (): void => {
      others.push(performance.now());
      if (!isDone) setImmediate(tick);
    };
    setImmediate(tick);
    const histogram = monitorEventLoopDelay({ resolution: 1 });
    histogram.enable();
    await mapInTurns(Array.from({ length: 60 }), () => busy(1));
    histogram.disable();
    isDone = true;
    expect(others.length).to.be.greaterThan(5);
  });

  it('does not wait where the work is short', async () => {
    const turns = new Turns(10_000);
    expect(turns.isOver).to.equal(false);
    await turns.next();
    expect(turns.isOver).to.equal(false);
  });
});
