import { expect } from 'chai';
import fc from 'fast-check';
import { decide } from '../needs.ts';
import { TrieMarks } from './trie-marks.ts';
import { entries } from './trie-read.ts';
import { decodeRow, type Root, type RowId } from './trie-row.ts';
import { update } from './trie-update.ts';

const KEYS = 3_000;

describe('what is needed of tries', () => {
  const key = fc.oneof(fc.nat(40), fc.nat(KEYS));
  const history = fc.array(
    fc.record({ on: fc.nat(40), changes: fc.array(fc.tuple(key, fc.nat(9)), { minLength: 1, maxLength: 6 }) }),
    { minLength: 1, maxLength: 60 },
  );
  const ids = fc.constantFrom(
    (n: number) => n,
    // As two processes write, each with blocks of its own.
    (n: number) => (n % 2 === 0 ? 10_000 - n : n),
    (n: number) => 10_000 - n,
  );

  it('is all that some of them are read from, and no more than what could be', () => {
    fc.assert(
      fc.property(history, ids, fc.func(fc.boolean()), fc.integer({ min: 1, max: 50 }), (steps, idOf, keeps, batch) => {
        const rows = new Map<RowId, Uint8Array>();
        const read = (id: RowId) => decodeRow({ id, data: rows.get(id)! });
        const roots: Root[] = [undefined];
        // A room is never small for long.
        for (const { on, changes } of [{ on: 0, changes: [[KEYS, 1]] }, ...steps] as typeof steps) {
          const { root, rows: written } = decide(
            update(roots[on % roots.length], new Map(changes), () => idOf(rows.size + 1)),
            read,
          );
          for (const { id, data } of written) rows.set(id, data);
          roots.push(root);
        }
        const kept = roots.filter((root, index) => root !== undefined && keeps(index)) as RowId[];
        const before = kept.map((root) => decide(entries(root), read));

        const marks = new TrieMarks(Float64Array.from([...rows.keys()].sort((a, b) => a - b)));
        for (const root of kept) marks.addRoot(root);
        for (let next = marks.next(batch); next.length > 0; next = marks.next(batch)) {
          expect(next.length).to.be.at.most(batch);
          for (const id of next) marks.follow(read(id));
        }
        const seen = new Set<RowId>();
        for (const root of kept) {
          decide(entries(root), (id) => {
            seen.add(id);
            return read(id);
          });
        }
        expect(marks.unreached()).to.have.members([...rows.keys()].filter((id) => !seen.has(id)));
        for (const id of marks.unreached()) rows.delete(id);
        expect(kept.map((root) => decide(entries(root), read))).to.eql(before);
      }),
      { numRuns: 300 },
    );
  });
});
