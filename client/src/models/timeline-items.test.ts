import { expect } from 'chai';
import { joined, said } from '../testing/samples.ts';
import { keepUnchanged, timelineItems, type DayOf, type MessageItem } from './timeline-items.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Days in UTC, whatever the machine's zone. */
const dayOf: DayOf = (ms) => String(Math.floor(ms / (24 * HOUR)));

const messages = (items: ReturnType<typeof timelineItems>) =>
  items.filter((item): item is MessageItem => item.kind === 'message');

describe('a timeline', () => {
  it('puts a divider before the first entry of each day', () => {
    const entries = [
      said('a', 'ann', 1),
      said('b', 'ann', 2),
      said('c', 'ann', 24 * HOUR),
      said('d', 'ann', 73 * HOUR),
    ];
    const kinds = timelineItems(entries, dayOf).map(({ kind }) => kind);
    expect(kinds).to.deep.equal(['day', 'message', 'message', 'day', 'message', 'day', 'message']);
  });

  it('groups what one sender says without a pause', () => {
    const entries = [
      said('a', 'ann', 0),
      said('b', 'ann', MINUTE),
      said('c', 'bob', 2 * MINUTE),
      said('d', 'ann', 3 * MINUTE),
      said('e', 'ann', 9 * MINUTE),
    ];
    const shape = messages(timelineItems(entries, dayOf)).map(({ opens, closes }) => [opens, closes]);
    expect(shape).to.deep.equal([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
      [true, true],
    ]);
  });

  it('ends a group where a notice or a new day comes between', () => {
    const entries = [said('a', 'ann', 0), joined('n', 'bob', 1), said('b', 'ann', 2)];
    expect(messages(timelineItems(entries, dayOf)).every(({ opens, closes }) => opens && closes)).to.equal(true);
    const overnight = [said('a', 'ann', 24 * HOUR - 1), said('b', 'ann', 24 * HOUR + 1)];
    expect(messages(timelineItems(overnight, dayOf)).map(({ opens }) => opens)).to.deep.equal([true, true]);
  });

  it('shows how an own message fared when it has not arrived, or is the newest of all', () => {
    const entries = [
      said('a', 'me', 0, { delivery: 'failed' }),
      said('b', 'me', 1),
      said('c', 'me', 2),
      said('d', 'ann', 3),
    ];
    const shown = messages(timelineItems(entries, dayOf)).filter(({ showsDelivery }) => showsDelivery);
    expect(shown.map(({ key }) => key)).to.deep.equal(['a']);
    const own = messages(timelineItems([...entries, said('e', 'me', 4), joined('n', 'bob', 5)], dayOf));
    expect(own.at(-1)).to.include({ key: 'e', showsDelivery: true });
  });

  it('keeps the very objects of items that have not changed', () => {
    const before = timelineItems([said('a', 'ann', 0), said('b', 'me', 1, { delivery: 'sending' })], dayOf);
    const after = timelineItems([said('a', 'ann', 0), said('b', 'me', 1)], dayOf);
    const kept = keepUnchanged(before, after);
    expect(kept[1]).to.equal(before[1]);
    expect(kept[2]).to.equal(after[2]);
    expect(kept).to.deep.equal(after);
  });

  it('gives every item a key of its own', () => {
    const entries = [0, 1, 2, 3].map((i) => said(`e${String(i)}`, 'ann', i * 30 * HOUR));
    const keys = timelineItems(entries, dayOf).map(({ key }) => key);
    expect(new Set(keys).size).to.equal(keys.length);
  });
});
