import { expect } from 'chai';
import fc from 'fast-check';
import { outspoken } from './unknown-members.ts';

const isMember = (key: number) => key >= 100;

describe('states that do not know all members', () => {
  it('agree with the one that knows them, and disagree on everything else', () => {
    const differing = new Map([
      [1, [7, 0]],
      [100, [0, 8]],
      [101, [9, 0]],
      [102, [0, 5]],
      [103, [3, 4]],
    ]);
    expect(outspoken([10, 20], differing, isMember)).to.eql({
      snapshots: [20, 10],
      differing: new Map([
        [1, [0, 7]],
        [103, [4, 3]],
      ]),
      agreed: new Map([
        [100, 8],
        [101, 9],
        [102, 5],
      ]),
    });
  });

  it('lose nothing that any of them says', () => {
    const row = fc.tuple(fc.integer({ min: 90, max: 120 }), fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const differing = new Map(rows);
        const { differing: left, agreed, snapshots } = outspoken([1, 2, 3], differing, isMember);
        expect([...snapshots].sort()).to.eql([1, 2, 3]);
        for (const [key, nids] of differing) {
          const said = new Set(nids.filter((nid) => nid !== 0));
          const now = agreed.get(key);
          if (now === undefined)
            expect(snapshots.map((one, i) => [one, left.get(key)![i]])).to.have.deep.members(
              nids.map((nid, i) => [i + 1, nid]),
            );
          else expect([isMember(key), [...said]]).to.eql([true, [now]]);
        }
      }),
    );
  });
});
