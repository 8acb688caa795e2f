import { expect } from 'chai';
import { ARRIVAL_MS, RETURN_MS, type Step, stepOf, type Watch } from './delegation.ts';

const HOUR = 3_600_000;
const watch = { delayMs: HOUR, since: 0, restartedAt: 0 };

describe('a delegated leave', () => {
  const cases: readonly (readonly [what: string, watch: Watch, isPresent: boolean, now: number, step: Step])[] = [
    ['waits for somebody to come', watch, false, ARRIVAL_MS - 1, 'wait'],
    ['is sent where nobody comes', watch, false, ARRIVAL_MS, 'send'],
    ['waits while they are there', { ...watch, seenAt: 0 }, true, HOUR / 3 - 1, 'wait'],
    ['is put off long before its time', { ...watch, seenAt: 0 }, true, HOUR / 3, 'restart'],
    ['waits for who is gone to come back', { ...watch, seenAt: 5_000 }, false, 5_000 + RETURN_MS - 1, 'wait'],
    ['is put off meanwhile', { ...watch, delayMs: 12_000, seenAt: 5_000 }, false, 6_000, 'restart'],
    ['is sent where they do not come back', { ...watch, seenAt: 5_000 }, false, 5_000 + RETURN_MS, 'send'],
    ['is not sent while they are there', { ...watch, seenAt: 0 }, true, ARRIVAL_MS * 2, 'wait'],
    ['is put off before they come, too', { ...watch, delayMs: 30_000 }, false, 10_000, 'restart'],
  ];
  for (const [what, given, isPresent, now, step] of cases) {
    it(what, () => expect(stepOf(given, isPresent, now)).to.equal(step));
  }
});
