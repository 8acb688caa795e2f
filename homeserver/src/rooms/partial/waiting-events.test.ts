import { expect } from 'chai';
import fc from 'fast-check';
import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';
import { WaitingEvents } from './waiting-events.ts';

const event = (id: number, restsOn: readonly number[]): Event =>
  ({ eventId: `$${id}`, authEvents: restsOn.map((other) => `$${other}`) }) as unknown as Event;

/** Events that rest on earlier ones, in any order and in batches. */
const shuffled = fc.integer({ min: 1, max: 40 }).chain((count) =>
  fc.record({
    restOn: fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: count, maxLength: count }),
    order: fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
    size: fc.integer({ min: 1, max: 10 }),
    most: fc.integer({ min: 0, max: 40 }),
  }),
);

/** What was given out, in its order, of one reading of all of them. */
const readOnce = (all: readonly Event[], stored: Set<EventId>, { size, most }: { size: number; most: number }) => {
  const waiting = new WaitingEvents(most);
  for (let at = 0; at < all.length; at += size) {
    const batch = all.slice(at, at + size);
    const [known, news] = [
      batch.filter((one) => stored.has(one.eventId)),
      batch.filter((one) => !stored.has(one.eventId)),
    ];
    const unknown = new Set(news.flatMap(({ authEvents }) => authEvents).filter((id) => !stored.has(id)));
    for (const ready of waiting.next(
      news,
      known.map(({ eventId }) => eventId),
      unknown,
    )) {
      for (const id of ready.authEvents) expect(stored.has(id)).to.equal(true);
      expect(stored.has(ready.eventId)).to.equal(false);
      stored.add(ready.eventId);
    }
  }
  return waiting.leftOut;
};

describe('events that wait for others', () => {
  it('come out once each, after what they rest on, however they came in', () => {
    fc.assert(
      fc.property(shuffled, ({ restOn, order, size, most }) => {
        const events = restOn.map((others, id) => event(id, id === 0 ? [] : [...new Set(others.map((n) => n % id))]));
        const all = order.map((id) => events[id]!);
        const stored = new Set<EventId>();
        let leftOut = readOnce(all, stored, { size, most });
        if (most >= events.length) expect(leftOut).to.equal(0);
        // Those for whom there was no room come out when all are read once more.
        for (let reading = 0; leftOut > 0 && reading < events.length; reading++) {
          leftOut = readOnce(all, stored, { size, most });
        }
        expect(stored.size).to.equal(events.length);
      }),
    );
  });

  it('do not come out when what they rest on never comes', () => {
    const waiting = new WaitingEvents(10);
    expect(waiting.next([event(2, [1])], [], new Set(['$1' as EventId]))).to.eql([]);
    const after = event(3, [2]);
    expect(waiting.next([after], [], new Set(['$2' as EventId]))).to.eql([]);
    const late = event(1, []);
    expect(waiting.next([late], [], new Set()).map(({ eventId }) => eventId)).to.eql(['$1', '$2', '$3']);
  });

  it('come out when somebody else has stored what they rest on', () => {
    const waiting = new WaitingEvents(10);
    waiting.next([event(2, [1])], [], new Set(['$1' as EventId]));
    expect(waiting.next([], ['$1' as EventId], new Set()).map(({ eventId }) => eventId)).to.eql(['$2']);
  });
});
