import { expect } from 'chai';
import { compileFilter } from '../../core/filters/filter.ts';
import type { Position } from '../../streams/stream.ts';
import { KeptStretches, type Newest, type Wanted } from './kept-stretches.sync.ts';

const stretch = (text: string) => ({ text });

const newestOf = (more: Partial<Newest> = {}): Newest => ({ room: 1, end: 7, moment: 0, ...more });

describe('stretches of timelines for all who ask at the same time', () => {
  const filter = compileFilter({});
  const wanted: Wanted = { filter, after: 5 as Position };
  let kept: KeptStretches<ReturnType<typeof stretch>>;
  let made: number;
  const make = async () => stretch(`${++made}`);
  const texts = async (newest: Newest, wish = wanted) => (await kept.get(newest, wish, make)).text;

  beforeEach(() => {
    kept = new KeptStretches();
    made = 0;
  });

  it('are made once, also for those who ask meanwhile', async () => {
    expect(kept.atHand(newestOf(), wanted)).to.equal(undefined);
    expect(await Promise.all([texts(newestOf()), texts(newestOf())])).to.eql(['1', '1']);
    expect(await texts(newestOf())).to.equal('1');
    expect(kept.atHand(newestOf(), wanted)?.text).to.equal('1');
  });

  it('are of one room, one filter and one beginning', async () => {
    const others: readonly [Newest, Wanted][] = [
      [newestOf({ room: 2 }), wanted],
      [newestOf(), { ...wanted, after: undefined }],
      [newestOf(), { ...wanted, filter: compileFilter({ room: { timeline: { limit: 3 } } }) }],
    ];
    expect(await texts(newestOf())).to.equal('1');
    for (const [newest, wish] of others) expect(kept.atHand(newest, wish)).to.equal(undefined);
    for (const [i, [newest, wish]] of others.entries()) expect(await texts(newest, wish)).to.equal(`${i + 2}`);
    expect(kept.atHand(newestOf(), wanted)?.text).to.equal('1');
  });

  for (const [what, later] of [
    ['a newer event', newestOf({ end: 8 })],
    ['another moment', newestOf({ moment: 1 })],
  ] as const)
    it(`are made anew when there is ${what}`, async () => {
      expect(await texts(newestOf())).to.equal('1');
      expect(kept.atHand(later, wanted)).to.equal(undefined);
      expect(await texts(later)).to.equal('2');
      expect(kept.atHand(later, wanted)?.text).to.equal('2');
      expect(kept.atHand(newestOf(), wanted)).to.equal(undefined);
    });

  it('that are done when there is a newer event already do not stand in its way', async () => {
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof stretch>>();
    const late = kept.get(newestOf(), wanted, () => promise);
    expect(await texts(newestOf({ end: 8 }))).to.equal('1');
    resolve(stretch('late'));
    expect((await late).text).to.equal('late');
    expect(kept.atHand(newestOf({ end: 8 }), wanted)?.text).to.equal('1');
  });

  it('are tried again after an error, of which all hear who waited', async () => {
    const fail = () => Promise.reject(new Error('no database'));
    const failed = await Promise.allSettled([kept.get(newestOf(), wanted, fail), kept.get(newestOf(), wanted, fail)]);
    expect(failed.map(({ status }) => status)).to.eql(['rejected', 'rejected']);
    expect(await texts(newestOf())).to.equal('1');
  });

  it('are let go when they are too much', async () => {
    const large = () => Promise.resolve(stretch('x'.repeat(1_500_000)));
    for (const room of [1, 2, 3, 4]) await kept.get(newestOf({ room }), wanted, large);
    const rooms = [1, 2, 3, 4].filter((room) => kept.atHand(newestOf({ room }), wanted));
    expect(rooms).to.eql([3, 4]);
  });
});
