import { expect } from 'chai';
import { EventId } from '@holm/spec/ids';
import { KEPT, MAX_PREV_EVENTS, toForget, toJoin } from './bounds.ts';

describe('the bounds of extremities', () => {
  const ends = (count: number, server: string, first = 0) =>
    Array.from({ length: count }, (_, n) => ({ nid: first + n, depth: n, server }));

  it('joins the oldest first, as many as an event can follow', () => {
    const extremities = ends(30, 'a').map(({ nid, depth }) => ({ nid, depth, eventId: EventId.parse(`$${nid}`) }));
    const joined = toJoin(extremities.toReversed()).map(({ nid }) => nid);
    expect(joined).to.deep.equal(Array.from({ length: MAX_PREV_EVENTS }, (_, n) => n));
  });

  it('forgets nothing of what may be kept', () => {
    expect(toForget(ends(KEPT, 'a')).size).to.equal(0);
  });

  it('forgets the oldest of who has the most, and nothing of anybody else', () => {
    const flood = ends(KEPT + 50, 'rogue');
    const honest = ends(10, 'honest', 1_000);
    const forgotten = toForget([...flood, ...honest]);
    expect([...forgotten].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 60 }, (_, n) => n));
  });

  it('shares out what is forgotten between two who flood', () => {
    const forgotten = [...toForget([...ends(100, 'one'), ...ends(100, 'other', 1_000)])];
    expect(forgotten.length).to.equal(100);
    expect(forgotten.filter((nid) => nid < 1_000).length).to.equal(50);
  });
});
