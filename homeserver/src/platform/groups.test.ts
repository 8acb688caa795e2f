import { expect } from 'chai';
import fc from 'fast-check';
import { Groups } from './groups.ts';

describe('groups', () => {
  it('hold what sets by key would hold, in the order in which it came', () => {
    const items = Array.from({ length: 4 }, (_, number) => ({ number }));
    const step = fc.record({ isAdded: fc.boolean(), key: fc.nat(1), item: fc.constantFrom(...items) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const groups = new Groups<number, { number: number }>();
        const model = [new Set<object>(), new Set<object>()];
        for (const { isAdded, key, item } of steps) {
          if (isAdded) groups.add(key, item);
          else groups.delete(key, item);
          if (isAdded) model[key]!.add(item);
          else model[key]!.delete(item);
        }
        expect([0, 1].map((key) => [...groups.of(key)])).to.eql(model.map((set) => [...set]));
        expect([0, 1].map((key) => groups.sizeOf(key))).to.eql(model.map(({ size }) => size));
        expect(groups.size).to.equal(model[0]!.size + model[1]!.size);
      }),
    );
  });

  it('go on where most of many keys have nothing any more', () => {
    const groups = new Groups<number, { key: number }>();
    const items = Array.from({ length: 300 }, (_, key) => ({ key }));
    for (let round = 0; round < 3; round++) {
      for (const item of items) groups.add(item.key, item);
      expect(groups.size).to.equal(300);
      for (const item of items) if (item.key % 50 !== round) groups.delete(item.key, item);
      expect(items.flatMap(({ key }) => [...groups.of(key)]).map(({ key }) => key % 50)).to.eql(Array(6).fill(round));
      for (const item of items) groups.delete(item.key, item);
      expect([groups.size, groups.sizeOf(round)]).to.eql([0, 0]);
    }
  });
});
