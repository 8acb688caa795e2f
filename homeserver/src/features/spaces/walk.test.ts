import { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import { beginWalk, copyOf, descend, goesOn, step, type Walk } from './walk.ts';

const id = (name: string | number) => RoomId.parse(`!${name}`);

/** The rooms of a graph of children, in the order of a walk. */
const visit = (walk: Walk, graph: Readonly<Record<string, readonly string[]>>): string[] => {
  const seen: string[] = [];
  for (let at = step(walk); at; at = step(walk)) {
    seen.push(at.roomId.slice(1));
    descend(
      walk,
      at,
      (graph[at.roomId.slice(1)] ?? []).map((child) => ({ roomId: id(child), via: [] })),
    );
  }
  return seen;
};
const begin = (depth = 9) => beginWalk({ roomId: id('r'), depth: 0, via: [] }, false, depth);

describe('a walk through a space', () => {
  it('goes into a space before it goes on beside it', () => {
    expect(visit(begin(), { r: ['a', 'b'], a: ['c', 'd'], c: ['e'], b: ['f'] })).to.eql([
      'r',
      'a',
      'c',
      'e',
      'd',
      'b',
      'f',
    ]);
  });

  it('goes no deeper than it is told', () => {
    const graph = { r: ['a'], a: ['b'], b: ['c'] };
    expect(visit(begin(0), graph)).to.eql(['r']);
    expect(visit(begin(2), graph)).to.eql(['r', 'a', 'b']);
  });

  it('ends where spaces hold each other, and in a space with more rooms than anybody looks at', () => {
    expect(visit(begin(), { r: ['a', 'r'], a: ['r', 'b'], b: ['a'] })).to.eql(['r', 'a', 'b']);
    const many = Array.from({ length: 20_000 }, (_, count) => `${count}`);
    expect(visit(begin(), { r: many })).to.have.length(10_000);
  });

  it('comes to every room of any graph once, and stops', () => {
    const graphs = fc.array(fc.array(fc.nat(9), { maxLength: 5 }), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(graphs, (children) => {
        const graph = Object.fromEntries([
          ['r', ['0']],
          ...children.map((of, name) => [`${name}`, of.map((child) => `${child}`)] as const),
        ]);
        const reachable = new Set<string>();
        const reach = (name: string): void => {
          if (reachable.has(name)) return;
          reachable.add(name);
          graph[name]?.forEach(reach);
        };
        reach('r');
        const seen = visit(begin(99), graph);
        expect(seen)
          .to.have.members([...reachable])
          .and.to.have.length(reachable.size);
      }),
    );
  });

  it('can be gone on with from where it was, more than once', () => {
    const walk = begin();
    step(walk);
    descend(
      walk,
      { roomId: id('r'), depth: 0, via: [] },
      ['a', 'b'].map((name) => ({ roomId: id(name), via: [] })),
    );
    const saved = copyOf(walk);
    expect(visit(copyOf(saved), {})).to.eql(['a', 'b']);
    expect(visit(copyOf(saved), {})).to.eql(['a', 'b']);
    expect(goesOn(saved)).to.equal(true);
    visit(saved, {});
    expect(goesOn(saved)).to.equal(false);
  });
});
