import { expect } from 'chai';
import fc from 'fast-check';
import { OrdinalSet } from './ordinal-set.ts';

describe('a set of ordinals', () => {
  it('is a set', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.oneof(fc.nat(40), fc.nat(5_000))), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (wanted) => {
        const set = new OrdinalSet();
        const model = new Set<number>();
        for (const [adds, ordinal] of wanted) {
          if (adds) set.add(ordinal);
          else set.delete(ordinal);
          if (adds) model.add(ordinal);
          else model.delete(ordinal);
          expect(set.size).to.equal(model.size);
          expect(set.highest).to.equal(Math.max(-1, ...model));
        }
        for (const [, ordinal] of wanted) {
          for (const near of [ordinal - 1, ordinal, ordinal + 1])
            if (near >= 0) expect(set.has(near)).to.equal(model.has(near));
        }
      }),
    );
  });
});
