import { expect } from 'chai';
import fc from 'fast-check';
import { ManualClock } from '../testing/manual-clock.ts';
import { Deadlines, type Timed } from './deadlines.ts';
import { NOWHERE } from './place.ts';

/** Lets everything run that has nothing to wait for. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const timedBy = (clock: ManualClock, rung: [string, number][], name: string): Timed => ({
  dueAt: 0,
  place: NOWHERE,
  due: () => void rung.push([name, clock.now() - START]),
});

const START = 1_700_000_000_000;

describe('deadlines', () => {
  it('are kept to the millisecond, in order, whatever is taken back', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ ms: fc.integer({ min: 1, max: 50 }), isTakenBack: fc.boolean() }), { maxLength: 30 }),
        async (wishes) => {
          const clock = new ManualClock(START);
          const deadlines = new Deadlines(clock);
          const rung: [string, number][] = [];
          const all = wishes.map((_, i) => timedBy(clock, rung, String(i)));
          wishes.forEach(({ ms }, i) => deadlines.add(all[i]!, ms));
          wishes.forEach(({ isTakenBack }, i) => isTakenBack && deadlines.remove(all[i]!));
          for (let ms = 0; ms < 50; ms++) {
            clock.advance(1);
            await settle();
          }
          const wanted = wishes.flatMap(({ ms, isTakenBack }, i) => (isTakenBack ? [] : [[String(i), ms] as const]));
          expect(rung).to.have.deep.members(wanted);
          expect(rung.map(([, ms]) => ms)).to.eql(wanted.map(([, ms]) => ms).sort((a, b) => a - b));
          expect([deadlines.size, ...all.map(({ place }) => place)]).to.eql([0, ...all.map(() => NOWHERE)]);
        },
      ),
      { numRuns: 50 },
    ));

  it('that have passed meanwhile are kept at once', async () => {
    let now = START;
    const slept: number[] = [];
    const wakes: (() => void)[] = [];
    const deadlines = new Deadlines({
      now: () => now as ReturnType<ManualClock['now']>,
      sleep: (ms) => new Promise((resolve) => void (slept.push(ms), wakes.push(resolve))),
    });
    const rung: string[] = [];
    const timed = (name: string) => ({ dueAt: 0, place: NOWHERE, due: () => void rung.push(name) });
    const first = timed('first');
    deadlines.add(first, 1_000);
    deadlines.add(timed('second'), 2_000);
    // The process itself is held up, and what happens first then is that the next one is taken back, and that another one comes.
    now += 5_000;
    deadlines.remove(first);
    deadlines.add(timed('third'), -4_500);
    for (const wake of wakes) wake();
    await settle();
    expect([rung, slept]).to.eql([
      ['third', 'second'],
      [1_000, 0],
    ]);
  });

  it('take one timer, however often one comes and goes, and none once they are closed', async () => {
    let now = START;
    const slept: { ms: number; signal: AbortSignal | undefined; wake: () => void }[] = [];
    const deadlines = new Deadlines({
      now: () => now as ReturnType<ManualClock['now']>,
      sleep: (ms, signal) => new Promise((wake) => void slept.push({ ms, signal, wake })),
    });
    const timed: Timed = { dueAt: 0, place: NOWHERE, due: () => expect.fail('it was always taken back') };
    for (let i = 0; i < 10; i++) {
      deadlines.add(timed, 1_000);
      now += 20;
      deadlines.remove(timed);
    }
    expect(slept.map(({ ms }) => ms)).to.eql([1_000]);
    deadlines.add(timed, 1_000);
    now = START + 1_000;
    slept[0]!.wake();
    await settle();
    expect(slept.map(({ ms }) => ms)).to.eql([1_000, 200]);
    deadlines.remove(timed);
    deadlines.close();
    expect(slept[1]!.signal?.aborted).to.equal(true);
  });

  it('do not wait longer because somebody puts the clock back', async () => {
    let now = START;
    const wakes: (() => void)[] = [];
    const clock = {
      now: () => now as ReturnType<ManualClock['now']>,
      sleep: (ms: number) => {
        slept.push(ms);
        return new Promise<void>((resolve) => wakes.push(resolve));
      },
    };
    const slept: number[] = [];
    const deadlines = new Deadlines(clock);
    const rung: string[] = [];
    for (const [name, ms] of [
      ['first', 1_000],
      ['second', 5_000],
    ] as const)
      // prettier-ignore
      deadlines.add({ dueAt: 0, place: NOWHERE, due: () => void rung.push(name) }, ms);
    now += 1_000 - 3_600_000;
    wakes[0]?.();
    await settle();
    expect(rung).to.eql(['first']);
    expect(slept).to.eql([1_000, 4_000]);
  });

  it('do not, either, where another one comes before the next is due', async () => {
    let now = START;
    const slept: { ms: number; signal: AbortSignal | undefined; wake: () => void }[] = [];
    const deadlines = new Deadlines({
      now: () => now as ReturnType<ManualClock['now']>,
      sleep: (ms, signal) => new Promise((wake) => void slept.push({ ms, signal, wake })),
    });
    const rung: string[] = [];
    const timed = (name: string) => ({ dueAt: 0, place: NOWHERE, due: () => void rung.push(name) });
    deadlines.add(timed('first'), 1_000);
    deadlines.add(timed('last'), 5_000);
    now -= 3_600_000;
    deadlines.add(timed('second'), 3_000);
    const pass = async (ms: number) => {
      now += ms;
      const { signal, wake } = slept.at(-1)!;
      expect(signal?.aborted).to.equal(false);
      wake();
      await settle();
    };
    await pass(1_000);
    expect(rung).to.eql(['first']);
    await pass(2_000);
    expect(rung).to.eql(['first', 'second']);
    await pass(2_000);
    expect(rung).to.eql(['first', 'second', 'last']);
    expect(slept.map(({ ms }) => ms)).to.eql([1_000, 2_000, 2_000]);
  });
});
