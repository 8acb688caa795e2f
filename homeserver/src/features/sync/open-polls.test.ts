import { expect } from 'chai';
import { OpenPolls, OVER } from './open-polls.ts';

describe('long polls of a session', () => {
  it('end with the oldest when there are too many', () => {
    const polls = new OpenPolls();
    const opened = Array.from({ length: 25 }, () => polls.open(1));
    const other = polls.open(2);
    expect(opened.map(({ signal }) => signal.aborted)).to.deep.equal([
      ...Array<boolean>(5).fill(true),
      ...Array<boolean>(20).fill(false),
    ]);
    expect(opened[0]?.signal.reason).to.equal(OVER);
    expect(other.signal.aborted).to.equal(false);
    for (const poll of [...opened, other]) poll[Symbol.dispose]();
    expect(polls.size).to.equal(0);
  });
});
