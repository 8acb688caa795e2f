import { expect } from 'chai';
import fc from 'fast-check';
import { AuthGraph } from '../../core/state/auth-graph.ts';
import type { EventNid, KeyNumber } from '../model.ts';
import { StateOrdinals } from './state-ordinals.ts';

type State = ReadonlyMap<KeyNumber, EventNid>;

const KEYS = 6;

/** States by number, each as its own map. */
const fakeTries = () => {
  const states = new Map<number, State>([[0, new Map()]]);
  const tries = {
    generation: 0,
    reads: 0,
    entries: (snapshot: number) => {
      tries.reads++;
      return Promise.resolve([...states.get(snapshot)!]);
    },
    diff: (a: number, b: number) => {
      const [before, after] = [states.get(a)!, states.get(b)!];
      const keys = [...new Set([...before.keys(), ...after.keys()])];
      const changes = keys.map((key): [number, number, number] => [key, before.get(key) ?? 0, after.get(key) ?? 0]);
      return Promise.resolve(changes.filter(([, was, is]) => was !== is));
    },
  };
  return { states, tries };
};

describe('the places of a state in the graph of authority', () => {
  const steps = fc.array(
    fc.record({
      on: fc.nat(20),
      key: fc.nat(KEYS),
      empties: fc.boolean(),
      asks: fc.boolean(),
      drops: fc.constantFrom(false, false, false, 'graph', 'state'),
    }),
    { minLength: 1, maxLength: 25 },
  );

  it('are those of its events, whichever states were asked for before', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const { states, tries } = fakeTries();
        const ordinals = new StateOrdinals(tries);
        let graph = new AuthGraph();
        const nidOf = (ordinal: number) => 1_000 - 3 * ordinal;
        for (const { on, key, empties, asks, drops } of history) {
          if (drops === 'graph') {
            const again = new AuthGraph();
            for (let one = 0; one < graph.size; one++) again.append(graph.nid(one), []);
            graph = again;
          }
          if (drops === 'state') tries.generation++;
          const nid = nidOf(graph.append(nidOf(graph.size), []));
          const next = new Map(states.get(on % states.size));
          if (empties) next.delete(key);
          else next.set(key, nid);
          const snapshot = states.size;
          states.set(snapshot, next);
          if (!asks) continue;
          const found = await ordinals.of({ room: 1, graph, snapshot }, (nids) =>
            Promise.resolve(new Map(nids.map((one) => [one, (1_000 - one) / 3]))),
          );
          const expected = [...next.values()].map((one) => (1_000 - one) / 3);
          const all = Array.from({ length: graph.size }, (_, ordinal) => ordinal);
          expect(all.filter((ordinal) => found.has(ordinal))).to.have.members(expected);
          expect(found.size).to.equal(next.size);
        }
      }),
    );
  });

  it('are read once, and then follow the changes', async () => {
    const { states, tries } = fakeTries();
    const ordinals = new StateOrdinals(tries);
    const graph = new AuthGraph();
    for (let nid = 1; nid <= 9; nid++) {
      graph.append(nid, []);
      states.set(nid, new Map([...states.get(nid - 1)!, [nid % 4, nid]]));
      await ordinals.of({ room: 1, graph, snapshot: nid }, (nids) =>
        Promise.resolve(new Map(nids.map((one) => [one, one - 1]))),
      );
    }
    expect(tries.reads).to.equal(1);
  });

  it('must all be known', async () => {
    const { states, tries } = fakeTries();
    states.set(1, new Map([[0, 77]]));
    const asked = new StateOrdinals(tries).of({ room: 1, graph: new AuthGraph(), snapshot: 1 }, () =>
      Promise.resolve(new Map()),
    );
    expect(await asked.catch((error: unknown) => (error as Error).message)).to.contain('event 77');
  });
});
