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
});
