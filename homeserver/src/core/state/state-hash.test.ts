import { expect } from 'chai';
import fc from 'fast-check';
import { EMPTY_STATE_HASH, StateHasher, fromStoredHash, toStoredHash } from './state-hash.ts';

const hasher = new StateHasher(Buffer.from('a secret'));
const states = fc.uniqueArray(fc.tuple(fc.nat(), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })), {
  selector: ([key]) => key,
});

describe('state hash', () => {
  it('does not depend on the order or on what was there in between', () => {
    fc.assert(
      fc.property(states, fc.nat(), fc.integer({ min: 1 }), (state, key, event) => {
        const hash = hasher.hashOf(state);
        expect(hasher.hashOf(state.toReversed())).to.equal(hash);
        expect(hasher.remove(hasher.add(hash, key, event), key, event)).to.equal(hash);
        expect(hasher.add(hasher.remove(hash, key, event), key, event)).to.equal(hash);
      }),
    );
  });

  it('tells states and secrets apart', () => {
    const hash = hasher.hashOf([
      [1, 2],
      [3, 4],
    ]);
    const others = [
      hasher.hashOf([
        [1, 4],
        [3, 2],
      ]),
      hasher.hashOf([
        [2, 1],
        [4, 3],
      ]),
      hasher.hashOf([[1, 2]]),
      new StateHasher(Buffer.from('another')).hashOf([
        [1, 2],
        [3, 4],
      ]),
      EMPTY_STATE_HASH,
    ];
    expect(new Set([hash, ...others]).size).to.equal(6);
  });

  it('takes no event for no entry', () => {
    expect(hasher.add(5n, 1, 0)).to.equal(5n);
    expect(hasher.remove(5n, 1, 0)).to.equal(5n);
  });

  it('survives storage as 4 and 12 bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          states.map((state) => hasher.hashOf(state)),
          fc.constant(1n),
        ),
        (hash) => {
          expect(toStoredHash(hash).rest).to.have.length(12);
          expect(fromStoredHash(toStoredHash(hash))).to.equal(hash);
        },
      ),
    );
  });
});
