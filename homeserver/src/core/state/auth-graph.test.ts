import { expect } from 'chai';
import fc from 'fast-check';
import { authDifference, wideDifference } from './auth-difference.ts';
import { CHUNK_EVENTS, chunkOf, encodeEntry, decodeChunk } from './auth-graph-chunk.ts';
import { AuthGraph } from './auth-graph.ts';
import { authChain, conflictedSubgraph } from './auth-sweep.ts';
import { OrdinalSet } from './ordinal-set.ts';

/** For each event its auth events, all before it. */
type Dag = readonly (readonly number[])[];

const dag = (maxLength: number): fc.Arbitrary<Dag> =>
  fc
    .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength })
    .map((picks) =>
      picks.map((edges, event) => [...new Set(edges.map((edge) => edge % event))].filter((edge) => edge >= 0)),
    );

const withSets = (dags: fc.Arbitrary<Dag>, sets: { minLength: number; maxLength: number }) =>
  dags.chain((events) => {
    const set = fc.array(fc.nat(events.length - 1), { maxLength: 6 });
    return fc.tuple(fc.constant(events), fc.array(set, sets), set);
  });

const graphOf = (events: Dag): AuthGraph => {
  const graph = new AuthGraph();
  for (const [ordinal, authEvents] of events.entries()) graph.append(1_000 + ordinal * 3, authEvents);
  return graph;
};

const chainOf = (events: Dag, event: number): Set<number> => {
  const chain = new Set<number>();
  for (const authEvent of events[event]!) {
    chain.add(authEvent);
    for (const further of chainOf(events, authEvent)) chain.add(further);
  }
  return chain;
};
const chainOfAll = (events: Dag, set: readonly number[]) =>
  new Set(set.flatMap((event) => [...chainOf(events, event)]));
const setOf = (ordinals: readonly number[]): OrdinalSet => {
  const set = new OrdinalSet();
  for (const ordinal of ordinals) set.add(ordinal);
  return set;
};
const ascending = (set: Iterable<number>) => [...set].sort((a, b) => a - b);

const naiveDifference = (events: Dag, sets: readonly (readonly number[])[], inclusive: boolean): number[] => {
  const chains = sets.map((set) => new Set([...chainOfAll(events, set), ...(inclusive ? set : [])]));
  const union = new Set(chains.flatMap((chain) => [...chain]));
  return ascending([...union].filter((event) => !chains.every((chain) => chain.has(event))));
};

describe('auth graph', () => {
  it('finds auth chains', () => {
    fc.assert(
      fc.property(withSets(dag(14), { minLength: 0, maxLength: 0 }), ([events, , set]) => {
        expect(authChain(graphOf(events), set)).to.eql(ascending(chainOfAll(events, set)));
      }),
    );
  });

  for (const inclusive of [false, true]) {
    it(`finds the ${inclusive ? 'inclusive' : 'literal'} auth difference`, () => {
      fc.assert(
        fc.property(withSets(dag(14), { minLength: 1, maxLength: 5 }), ([events, sets, shared]) => {
          const graph = graphOf(events);
          const all = sets.map((set) => [...set, ...shared]);
          expect(authDifference(graph, sets, { inclusive })).to.eql(naiveDifference(events, sets, inclusive));
          const expected = naiveDifference(events, all, inclusive);
          expect(authDifference(graph, sets, { inclusive, shared })).to.eql(expected);
          const inAll = setOf(shared);
          expect(authDifference(graph, sets, { inclusive, inAll })).to.eql(expected);
          expect(wideDifference(graph, sets, { inclusive, inAll })).to.eql(expected);
          const [some = []] = sets;
          expect(authDifference(graph, sets, { inclusive, inAll, shared: some })).to.eql(
            naiveDifference(events, [...all.map((set) => [...set, ...some])], inclusive),
          );
        }),
        { numRuns: 500 },
      );
    });
  }

  it('finds differences of more sets than a word has bits', () => {
    fc.assert(
      fc.property(withSets(dag(14), { minLength: 30, maxLength: 70 }), ([events, sets, shared]) => {
        const graph = graphOf(events);
        // Filled up with the full set, so that chains can be those of all sets but one.
        const everything = events.map((_, event) => event);
        const many = [...sets.slice(0, 1), ...sets.map(() => everything)];
        for (const inclusive of [false, true]) {
          expect(authDifference(graph, sets, { inclusive })).to.eql(naiveDifference(events, sets, inclusive));
          expect(authDifference(graph, many, { inclusive, shared })).to.eql(
            naiveDifference(
              events,
              many.map((set) => [...set, ...shared]),
              inclusive,
            ),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('finds no difference without or within one set', () => {
    const graph = graphOf([[], [0], [1]]);
    expect(authDifference(graph, [], { inclusive: true })).to.eql([]);
    expect(authDifference(graph, [[2]], { inclusive: true })).to.eql([]);
  });

  it('finds the conflicted subgraph', () => {
    fc.assert(
      fc.property(withSets(dag(14), { minLength: 0, maxLength: 0 }), ([events, , conflicted]) => {
        const reaches = (event: number) =>
          conflicted.includes(event) || conflicted.some((one) => chainOf(events, event).has(one));
        const below = new Set([...conflicted, ...chainOfAll(events, conflicted)]);
        expect(conflictedSubgraph(graphOf(events), conflicted)).to.eql(ascending([...below].filter(reaches)));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses edges that do not lead downwards', () => {
    const graph = graphOf([[]]);
    expect(() => graph.append(5, [1])).to.throw(RangeError);
    expect(() => graph.append(5, [-1])).to.throw(RangeError);
    expect(() => graph.nid(1)).to.throw(RangeError);
    expect(graph.size).to.equal(1);
  });

  it('survives storage in chunks that grow by concatenation', () => {
    fc.assert(
      fc.property(
        dag(1_300),
        fc.array(fc.integer({ min: 1, max: 2 ** 52 }), { minLength: 1, maxLength: 5 }),
        (events, numbers) => {
          const nids = events.map((_, ordinal) => numbers[ordinal % numbers.length]!);
          const chunks: Uint8Array[] = [];
          for (const [ordinal, authEvents] of events.entries()) {
            const entry = encodeEntry({
              ordinal,
              nid: nids[ordinal]!,
              previousNid: nids[ordinal - 1] ?? 0,
              authEvents,
            });
            chunks[chunkOf(ordinal)] = Buffer.concat([chunks[chunkOf(ordinal)] ?? new Uint8Array(), entry]);
          }
          const graph = new AuthGraph();
          for (const chunk of chunks) decodeChunk(graph, chunk);
          expect(graph.size).to.equal(events.length);
          for (const [ordinal, authEvents] of events.entries()) {
            expect(graph.nid(ordinal)).to.equal(nids[ordinal]);
            expect(ascending(graph.authEvents(ordinal))).to.eql(ascending(authEvents));
          }
        },
      ),
      {
        numRuns: 20,
        examples: [[Array.from({ length: CHUNK_EVENTS * 2 + 1 }, (_, event) => (event ? [event - 1] : [])), [7]]],
      },
    );
  });
});
