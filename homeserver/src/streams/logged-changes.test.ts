import { expect } from 'chai';
import fc from 'fast-check';
import { LoggedChanges } from './logged-changes.ts';
import type { Position } from './stream.ts';

const at = (position: number) => position as Position;

describe('changes that are logged', () => {
  it('are found by a position that they came after, whatever order they were noted in', () => {
    const noted = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 40 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(noted, fc.integer({ min: 0, max: 41 }), fc.integer({ min: 1, max: 20 }), (changes, after, kept) => {
        const log = new LoggedChanges<number>(at(0), kept);
        for (const [key, position] of changes) log.note(key, at(position));
        const all = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        const found = log.among(all, at(after)) ?? all;
        const missed = changes.filter(([key, position]) => position > after && !found.has(key));
        expect(missed).to.eql([]);
        const isAny = changes.some(([, position]) => position > after);
        expect(log.mayAnyHaveChanged(all, at(after))).to.equal(isAny);
      }),
    );
  });

  it('are not looked for where they would be more than the keys', () => {
    const log = new LoggedChanges<string>(at(0));
    for (let position = 1; position <= 10; position++) log.note('busy', at(position));
    expect(log.among(new Set(['quiet', 'busy']), at(0))).to.equal(undefined);
    expect(log.among(new Set(['quiet', 'busy']), at(9))).to.eql(new Set(['busy']));
    expect(log.mayAnyHaveChanged(new Set(['quiet']), at(0))).to.equal(false);
  });

  it('are told from a mark, until they are forgotten', () => {
    const log = new LoggedChanges<string>(at(0), 3);
    log.note('one', at(1));
    const { mark } = log;
    log.note('two', at(2));
    log.note('three', at(3));
    expect(log.sinceMark(mark)).to.eql(['two', 'three']);
    for (let position = 4; position <= 9; position++) log.note('more', at(position));
    expect(log.sinceMark(mark)).to.equal(undefined);
    expect(log.among(new Set(['one']), at(1))).to.equal(undefined);
  });
});
