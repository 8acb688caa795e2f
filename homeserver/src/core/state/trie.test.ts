import { expect } from 'chai';
import fc from 'fast-check';
import { decide } from '../needs.ts';
import type { TrieQuestion } from './trie-nodes.ts';
import { find } from './trie-find.ts';
import { diff, diffMany, entries, lookup } from './trie-read.ts';
import type { EventNid, KeyNumber, Root, Row, RowId } from './trie-row.ts';
import { decodeRow } from './trie-row.ts';
import { update } from './trie-update.ts';

/** Rows in memory, as the database would keep them: encoded. */
class Rows {
  readonly #data = new Map<RowId, Uint8Array>();
  readonly #newId: () => RowId;
  /** Every row that has been read, in order. */
  readonly reads: RowId[] = [];
  /** How often somebody had to wait for rows. */
  rounds = 0;
  bytes = 0;

  constructor(newId?: () => RowId) {
    let last = 0;
    this.#newId = newId ?? (() => (last += 1));
  }

  ask<Result>(question: TrieQuestion<Result>): Result {
    const counted = function* (rows: Rows): TrieQuestion<Result> {
      let step = question.next();
      while (!step.done) {
        rows.rounds += 1;
        step = question.next(yield step.value);
      }
      return step.value;
    };
    return decide(counted(this), (id) => this.row(id));
  }

  update(root: Root, changes: Iterable<readonly [KeyNumber, EventNid]>): Root {
    const updated = this.ask(update(root, new Map(changes), this.#newId));
    for (const { id, data } of updated.rows) {
      this.#data.set(id, data);
      this.bytes += data.length;
    }
    return updated.root;
  }

  get size(): number {
    return this.#data.size;
  }

  row(id: RowId): Row | undefined {
    this.reads.push(id);
    const data = this.#data.get(id);
    return data && decodeRow({ id, data });
  }
}

type Reference = ReadonlyMap<KeyNumber, EventNid>;
const apply = (state: Reference, changes: Iterable<readonly [KeyNumber, EventNid]>): Reference => {
  const next = new Map(state);
  for (const [key, event] of changes)
    if (event === 0) next.delete(key);
    else next.set(key, event);
  return next;
};
const sorted = (state: Reference) => [...state].sort(([a], [b]) => a - b);

const key = fc.oneof(
  { weight: 6, arbitrary: fc.nat(70) },
  { weight: 3, arbitrary: fc.nat(40_000) },
  { weight: 1, arbitrary: fc.nat(2 ** 31) },
);
const event = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 500 }) },
  { weight: 1, arbitrary: fc.maxSafeInteger().map((n) => Math.abs(n) || 1) },
  { weight: 1, arbitrary: fc.constant(0) },
);
/** Each step builds on any state before it (0 is none): that makes forks. */
const history = fc.array(fc.record({ on: fc.nat(30), changes: fc.array(fc.tuple(key, event), { maxLength: 60 }) }), {
  minLength: 1,
  maxLength: 12,
});

const replay = (rows: Rows, steps: readonly { on: number; changes: [number, number][] }[]) => {
  const states: { root: Root; reference: Reference }[] = [{ root: undefined, reference: new Map() }];
  for (const { on, changes } of steps) {
    const base = states[on % states.length]!;
    states.push({
      root: rows.update(base.root, changes),
      reference: apply(base.reference, changes),
    });
  }
  return states;
};

describe('state trie', () => {
  it('holds what a map holds, on every fork', () => {
    fc.assert(
      fc.property(history, fc.array(key), (steps, keys) => {
        const rows = new Rows();
        for (const { root, reference } of replay(rows, steps)) {
          expect(rows.ask(entries(root))).to.eql(sorted(reference));
          const asked = [...keys, ...reference.keys()];
          const expected = asked.filter((one) => reference.has(one)).map((one) => [one, reference.get(one)]);
          const found = new Map(expected as [number, number][]);
          expect(rows.ask(lookup(root, asked))).to.eql(found);
          expect(find(root, asked, (id) => rows.row(id))).to.eql(found);
        }
      }),
    );
  });

  it('is looked through without waiting if all that it takes is at hand, and not otherwise', () => {
    fc.assert(
      fc.property(history, fc.nat(), (steps, n) => {
        const rows = new Rows();
        const [{ root, reference }] = replay(rows, steps).slice(-1) as [ReturnType<typeof replay>[number]];
        const lacking = 1 + (n % Math.max(1, rows.size));
        for (const [key, event] of reference) {
          const needed = new Set<RowId>();
          find(root, [key], (id) => (needed.add(id), rows.row(id)));
          const found = find(root, [key], (id) => (id === lacking ? undefined : rows.row(id)));
          expect(found).to.eql(needed.has(lacking) ? undefined : new Map([[key, event]]));
        }
      }),
    );
  });

  it('finds exactly the differences between any two states, and among all of them', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const rows = new Rows();
        const states = replay(rows, steps);
        const expected = (chosen: typeof states) => {
          const keys = new Set(chosen.flatMap(({ reference }) => [...reference.keys()]));
          const rowOf = (one: number) => chosen.map(({ reference }) => reference.get(one) ?? 0);
          return [...keys]
            .sort((a, b) => a - b)
            .map((one) => [one, rowOf(one)] as const)
            .filter(([, events]) => new Set(events).size > 1);
        };
        expect([...rows.ask(diffMany(states.map(({ root }) => root)))]).to.eql(expected(states));
        const last = states.at(-1)!;
        for (const state of states) {
          const pairs = expected([state, last]).map(([one, [a, b]]) => [one, a, b]);
          expect(rows.ask(diff(state.root, last.root))).to.eql(pairs);
        }
      }),
    );
  });

  it('takes row ids in any order, as blocks of a sequence give them', () => {
    fc.assert(
      fc.property(
        history,
        fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 40 }), { minLength: 300, maxLength: 300 }),
        (steps, ids) => {
          const left = [...ids];
          const rows = new Rows(() => left.pop()!);
          for (const { root, reference } of replay(rows, steps))
            expect(rows.ask(entries(root))).to.eql(sorted(reference));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('writes nothing when nothing changes', () => {
    const rows = new Rows();
    const root = rows.update(undefined, [
      [1, 7],
      [900, 8],
    ]);
    const stored = rows.size;
    expect(
      rows.update(root, [
        [1, 7],
        [2, 0],
        [90_000, 0],
      ]),
    ).to.equal(root);
    expect(rows.size).to.equal(stored);
  });

  it('has no row for an empty state', () => {
    const rows = new Rows();
    const root = rows.update(undefined, [
      [1, 7],
      [900, 8],
    ]);
    expect(
      rows.update(root, [
        [1, 0],
        [900, 0],
      ]),
    ).to.equal(undefined);
    expect(rows.update(undefined, [])).to.equal(undefined);
  });

  it('complains about a row that is not there', () => {
    expect(() => decide(lookup(5, [1]), () => undefined)).to.throw('state row 5 is missing');
  });

  describe('in a room of 11,000 keys', () => {
    const KEYS = 11_000;
    const rows = new Rows();
    let root: Root;
    let built = 0;
    before(() => {
      root = rows.update(
        undefined,
        Array.from({ length: KEYS }, (_, one) => [one, 5_000_000 + one * 37]),
      );
      built = rows.bytes;
    });

    it('is built in rows of twelve nodes', () => {
      expect(rows.size).to.equal(Math.ceil((344 + 11 + 1) / 12));
    });

    it('needs less than 80 bytes for a change', function () {
      const changes = 2_000;
      const stored = rows.size;
      let current = root;
      // A fixed walk over the keys, an event number that grows as on a busy server.
      for (let n = 0; n < changes; n += 1) current = rows.update(current, [[(n * 7919) % KEYS, 9_000_000 + n * 53]]);
      const each = (rows.bytes - built) / changes;
      this.test!.title += ` (${each.toFixed(0)}; ${(built / KEYS).toFixed(1)} a key when built)`;
      expect(each).to.be.lessThan(80);
      expect(rows.size - stored).to.equal(changes);
    });

    it('stays as small however often the same keys change, and never follows a patch of a patch', () => {
      let current = root;
      const start = rows.bytes;
      for (let n = 0; n < 1_000; n += 1) current = rows.update(current, [[n % 3, 9_000_000 + n * 53]]);
      expect((rows.bytes - start) / 1_000).to.be.lessThan(120);
      rows.reads.length = 0;
      expect(rows.ask(lookup(current, [2, 6_000])).get(6_000)).to.equal(5_000_000 + 6_000 * 37);
      expect(rows.reads.length).to.be.at.most(8);
    });

    it('reads a key with at most a row for each level', () => {
      rows.reads.length = 0;
      expect(rows.ask(lookup(root, [6_000])).get(6_000)).to.equal(5_000_000 + 6_000 * 37);
      expect(rows.reads.length).to.be.at.most(3);
    });

    it('reads only what differs, at most two rounds for each level', () => {
      const left = rows.update(root, [[17, 99_000_000]]);
      const right = rows.update(root, [[10_999, 99_000_001]]);
      rows.reads.length = 0;
      rows.rounds = 0;
      expect(rows.ask(diff(left, right)).map(([one]) => one)).to.eql([17, 10_999]);
      expect(rows.reads.length).to.be.at.most(9);
      expect(rows.rounds).to.be.at.most(6);
    });
  });
});
