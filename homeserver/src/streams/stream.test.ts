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
});
