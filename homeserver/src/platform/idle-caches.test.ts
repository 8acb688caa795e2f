import { expect } from 'chai';
import { ManualClock } from '../testing/manual-clock.ts';
import { atMost } from './at-most.ts';
import { IdleCaches } from './idle-caches.ts';

const MINUTE = 60_000;

describe('caches of what belongs to people', () => {
  const setUp = () => {
    const clock = new ManualClock();
    const idle = new IdleCaches(clock);
    const gone: string[] = [];
    const bounds = { ...atMost(3), dispose: (_: object, key: string) => void gone.push(key) };
    return { clock, idle, gone, cache: idle.create<string, object>(bounds) };
  };

  it('let go of what nobody asks for', async () => {
    const { clock, idle, gone, cache } = setUp();
    cache.set('asked for', {}).set('looked at', {});
    for (let minutes = 0; minutes < 40; minutes += 20) {
      clock.advance(20 * MINUTE);
      cache.get('asked for');
      cache.peek('looked at');
      await idle.letGo();
    }
    expect([gone, [...cache.keys()]]).to.deep.equal([['looked at'], ['asked for']]);
  });

  it('do not hand out what they are about to let go', () => {
    const { clock, cache } = setUp();
    cache.set('old', {});
    clock.advance(31 * MINUTE);
    expect(cache.get('old')).to.equal(undefined);
  });

  it('have their bounds besides', () => {
    const { cache, gone } = setUp();
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, {});
    expect(gone).to.deep.equal(['a']);
  });
});
