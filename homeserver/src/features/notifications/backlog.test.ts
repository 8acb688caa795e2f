import { expect } from 'chai';
import fc from 'fast-check';
import { Backlog, MAIN } from './backlog.ts';

const THREADS = [MAIN, '$a', '$b'];
const place = fc.integer({ min: 1, max: 30 });
const thread = fc.constantFrom(...THREADS);

type Step =
  | { readonly what: 'event'; readonly thread: string; readonly ord: number; readonly highlight: boolean }
  | { readonly what: 'read'; readonly thread: string | undefined; readonly ord: number }
  | { readonly what: 'remove'; readonly ord: number }
  | { readonly what: 'store' };

const steps = fc.array(
  fc.oneof(
    fc.record({ what: fc.constant('event' as const), thread, ord: place, highlight: fc.boolean() }),
    fc.record({ what: fc.constant('read' as const), thread: fc.option(thread, { nil: undefined }), ord: place }),
    fc.record({ what: fc.constant('remove' as const), ord: place }),
    fc.constant({ what: 'store' as const }),
  ),
  { maxLength: 60 },
);

/** The same, by looking at everything each time. */
const naively = (history: readonly Step[]) => {
  const events = new Map<number, { thread: string; highlight: boolean }>();
  const read = new Map<string, number>();
  for (const step of history) {
    if (step.what === 'read') {
      for (const one of step.thread === undefined ? THREADS : [step.thread])
        read.set(one, Math.max(read.get(one) ?? 0, step.ord));
    } else if (step.what === 'event') events.set(step.ord, step);
    else if (step.what === 'remove') events.delete(step.ord);
    for (const [ord, event] of events) if (ord <= (read.get(event.thread) ?? 0)) events.delete(ord);
  }
  const countOf = (of: readonly string[]) => {
    const counted = [...events.values()].filter((event) => of.includes(event.thread));
    return { notifications: counted.length, highlights: counted.filter(({ highlight }) => highlight).length };
  };
  const threads = THREADS.slice(1).map((one) => [one, countOf([one])] as const);
  return {
    total: countOf(THREADS),
    main: countOf([MAIN]),
    threads: Object.fromEntries(threads.filter(([, { notifications }]) => notifications > 0)),
  };
};

/** An event has one place and one thread. */
const sensible = (history: readonly Step[]): Step[] => {
  const seen = new Set<number>();
  return history.filter((step) => step.what !== 'event' || (!seen.has(step.ord) && seen.add(step.ord)));
};

describe('what somebody has not read', () => {
  it('is what looking at everything would find, whatever happens in which order', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const history = sensible(all);
        let backlog = new Backlog(0);
        for (const step of history) {
          if (step.what === 'event') backlog.add(step.thread, step.ord, step.highlight);
          else if (step.what === 'read') backlog.markRead(step.thread, step.ord);
          else if (step.what === 'remove') backlog.remove(step.ord);
          else {
            const stored = JSON.parse(JSON.stringify(backlog.toStored())) as ReturnType<Backlog['toStored']>;
            const restored = new Backlog(backlog.read);
            for (const one of THREADS) restored.markRead(one, backlog.readOf(one));
            restored.restore(stored);
            backlog = restored;
          }
        }
        const { total, main, threads } = backlog.counts;
        expect({ total, main, threads: Object.fromEntries(threads) }).to.eql(naively(history));
        expect(backlog.size).to.equal(total.notifications);
      }),
      { numRuns: 500 },
    );
  });

  it('knows what it holds', () => {
    const backlog = new Backlog(3);
    for (const ord of [3, 4, 7]) backlog.add(MAIN, ord, false);
    expect([3, 4, 5, 7].map((ord) => backlog.has(ord))).to.eql([false, true, false, true]);
  });
});
