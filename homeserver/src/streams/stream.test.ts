import { expect } from 'chai';
import { Stream } from './stream.ts';

describe('Stream', () => {
  it('does not settle past a position that is still being written', () => {
    const stream = new Stream('events', 5);
    const slow = stream.claim();
    const fast = stream.claim();
    stream.release(fast);
    expect(stream.settled).to.equal(5);
    stream.release(slow);
    expect(stream.settled).to.equal(7);
  });

  it('says when what is written may be seen', () => {
    const stream = new Stream('events', 5);
    const told: string[] = [];
    const slow = stream.claim();
    const fast = stream.claim();
    stream.release(fast);
    stream.whenSettled(fast, () => told.push('fast'));
    expect(told).to.eql([]);
    stream.release(slow);
    stream.whenSettled(slow, () => told.push('slow'));
    expect(told).to.eql(['fast', 'slow']);
  });
});
