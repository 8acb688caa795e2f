import { expect } from 'chai';
import fc from 'fast-check';
import { Bag } from './bag.ts';
import { NOWHERE } from './place.ts';

const things = (count: number) => Array.from({ length: count }, (_, name) => ({ name, place: NOWHERE }));

describe('a bag', () => {
  it('holds what a set would hold, in any order', () => {
    const step = fc.record({ isAdded: fc.boolean(), which: fc.nat(7) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const items = things(8);
        const bag = new Bag<(typeof items)[number]>();
        const model = new Set<(typeof items)[number]>();
        for (const { isAdded, which } of steps) {
          const item = items[which]!;
          if (isAdded) bag.add(item);
          else bag.delete(item);
          if (isAdded) model.add(item);
          else model.delete(item);
          expect(bag.size).to.equal(model.size);
        }
        expect([...bag]).to.have.members([...model]);
        for (const item of items) expect(item.place === NOWHERE).to.equal(!model.has(item));
      }),
    );
  });

  it('can be emptied while one looks through it', () => {
    const items = things(5);
    const bag = new Bag<(typeof items)[number]>();
    for (const item of items) bag.add(item);
    const seen: number[] = [];
    for (const item of bag) {
      seen.push(item.name);
      bag.delete(item);
    }
    expect(seen).to.have.members([0, 1, 2, 3, 4]);
    expect(bag.size).to.equal(0);
  });
});
