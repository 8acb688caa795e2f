import { expect } from 'chai';
import { type Ended, type Ending, OpenPolls } from './open-polls.ts';

class Waiting implements Ended {
  ending: Ending | undefined;
  end(how: Ending): void {
    this.ending = how;
  }
}

describe('long polls of a session', () => {
  it('end with the oldest when there are too many', () => {
    const polls = new OpenPolls();
    const opened = Array.from({ length: 25 }, () => new Waiting());
    const other = new Waiting();
    for (const poll of opened) polls.add(1, poll);
    polls.add(2, other);
    expect(opened.map(({ ending }) => ending)).to.deep.equal([
      ...Array<string>(5).fill('over'),
      ...Array<undefined>(20).fill(undefined),
    ]);
    expect(other.ending).to.equal(undefined);
    expect(polls.size).to.equal(21);
    polls.end({ tokenIds: [2] });
    expect(other.ending).to.equal('session ended');
    for (const poll of opened) polls.delete(1, poll);
    polls.delete(2, other);
    expect(polls.size).to.equal(0);
  });

  it('end at once when the session has ended before', () => {
    const polls = new OpenPolls();
    polls.end({ tokenIds: [1] });
    const [late, other] = [new Waiting(), new Waiting()];
    polls.add(1, late);
    polls.add(2, other);
    expect([late.ending, other.ending]).to.eql(['session ended', undefined]);
    expect(polls.size).to.equal(1);
  });
});
