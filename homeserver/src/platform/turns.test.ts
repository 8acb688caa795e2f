import { expect } from 'chai';
import { beginSoon, inTurns, mapInTurns, onceRound, slices, Turns } from './turns.ts';

/** Keeps the processor busy. */
const busy = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end;);
};

const PIECE_MS = 0.5;
/** Pieces that fit into a turn of 4 ms, one that is begun at its end, and one of whoever has just been let on. */
const MOST_PIECES = 4 / PIECE_MS + 2;

/** How many pieces of work are done between two turns of others, at most. Slow machines do fewer. */
const mostAtOnce = async (work: (piece: () => void) => Promise<unknown>): Promise<number> => {
  let [done, most, isOver] = [0, 0, false];
  const tick = (): void => {
    most = Math.max(most, done);
    done = 0;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);
  await work(() => {
    busy(PIECE_MS);
    done++;
  });
  isOver = true;
  return Math.max(most, done);
};

describe('work in turns', () => {
  it('gives all of it, in order', async () => {
    expect(await mapInTurns([3, 1, 2], (n) => n * 2)).to.eql([6, 2, 4]);
  });

  it('lets others in between', async () => {
    const most = await mostAtOnce((piece) => mapInTurns(Array.from({ length: 60 }), piece));
    expect(most).to.be.greaterThan(0).and.at.most(MOST_PIECES);
  });

  it('lets others in between after one turn of all long work together', async () => {
    const work = async (piece: () => void): Promise<void> => {
      const steps = function* (): Generator<void, void> {
        for (let n = 0; n < 30; n++) {
          piece();
          yield;
        }
      };
      const sliced = async (): Promise<void> => {
        for await (const some of slices(Array.from({ length: 30 }), 2)) some.forEach(piece);
      };
      await Promise.all([...Array.from({ length: 6 }, () => inTurns(steps())), sliced(), sliced()]);
    };
    // Everybody does the first piece before looking at the clock.
    expect(await mostAtOnce(work)).to.be.at.most(MOST_PIECES + 10);
  });

  it('gives each of those who wait a whole turn, one after the other', async () => {
    const order: string[] = [];
    const worker = (name: string) =>
      mapInTurns(Array.from({ length: 24 }), () => {
        busy(PIECE_MS);
        if (order.at(-1) !== name) order.push(name);
      });
    await Promise.all(['a', 'b', 'c'].map(worker));
    expect(order.slice(0, 6)).to.eql(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('does not wait where the work is short', async () => {
    const turns = new Turns(10_000);
    expect(turns.isOver).to.equal(false);
    await turns.next();
    expect(turns.isOver).to.equal(false);
  });

  it('has a turn of its own, however long ago the last one was', async () => {
    const turns = new Turns(20);
    expect(turns.isOver).to.equal(false);
    busy(25);
    expect(turns.isOver).to.equal(true);
    await turns.next();
    expect(turns.isOver).to.equal(false);
  });
});

describe('what many begin at the same time', () => {
  const begin = (count: number, begun: string[], name = ''): void => {
    for (let n = 0; n < count; n++) beginSoon(() => begun.push(`${name}${n}`));
  };
  // What other tests have begun counts, too.
  beforeEach(async () => {
    begin(64, []);
    await onceRound();
  });

  it('does not begin before what runs now has ended', async () => {
    const begun: string[] = [];
    begin(3, begun);
    expect(begun).to.eql([]);
    await Promise.resolve();
    expect(begun).to.eql(['0', '1', '2']);
  });

  it('begins in order, and lets others have their turn in between', async () => {
    const begun: string[] = [];
    begin(300, begun);
    let [most, before] = [0, 0];
    while (begun.length < 300) {
      await onceRound();
      most = Math.max(most, begun.length - before);
      before = begun.length;
    }
    expect(most).to.be.at.most(64 + 32);
    expect(begun).to.eql(Array.from({ length: 300 }, (_, n) => `${n}`));
  });

  it('does not let who comes later wait for all of them', async () => {
    const begun: string[] = [];
    begin(1_000, begun, 'many ');
    for (let round = 0; round < 3; round++) await onceRound();
    begin(1, begun, 'later ');
    await Promise.resolve();
    expect(begun.at(-1)).to.equal('later 0');
    expect(begun.length).to.be.at.most(300);
  });
});
