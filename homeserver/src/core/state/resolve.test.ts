import { expect } from 'chai';
import { decide } from '../needs.ts';
import { roomVersion } from '../rooms/room-version.ts';
import { isEventNeed } from './conflict.ts';
import { resolve } from './resolve.ts';
import { stateKey } from './state-key.ts';
import { Dice } from './testing/dice.ts';
import { RoomHistory } from './testing/room-history.ts';
import type { RoomState } from './testing/state-sets.ts';
import { conflictOf, resolveStates, splitStates } from './testing/state-sets.ts';

const version = (id: string) => roomVersion(id)!;
const sorted = (state: RoomState) => [...state].sort(([a], [b]) => (a < b ? -1 : 1));

/** A random room; forks are resolved as the server does. */
const roomOf = (id: string, seed: number, attempts: number) => {
  const dice = new Dice(seed);
  const room: RoomHistory = new RoomHistory({
    version: version(id),
    dice,
    resolve: (sets) => resolveStates(version(id), sets, room.events),
  });
  for (let n = 0; n < attempts; n += 1) room.continue();
  return room;
};

// Whether it comes to what the specification says: differential.test.ts.
describe('state resolution', () => {
  for (const id of ['1', '11', '12']) {
    it(`does not depend on the order of its input, in version ${id}`, () => {
      for (let seed = 1; seed <= 100; seed += 1) {
        const room = roomOf(id, seed, 12);
        const shuffled = new Map([...room.events].reverse());
        const sets = room.someStates(4);
        const others = sets.toReversed().map((set) => new Map([...set].reverse()));
        expect(sorted(resolveStates(version(id), others, shuffled)), `seed ${seed}`).to.eql(
          sorted(resolveStates(version(id), sets, room.events)),
        );
      }
    });
  }

  it('asks for little in a large room, and never for a conflicted key', () => {
    const room = roomOf('12', 3, 30);
    const [first] = room.placed;
    const filler = Array.from(
      { length: 10_000 },
      (_, n) => [stateKey('filler', `${n}`), first!.event.eventId] as const,
    );
    const sets = room.someStates(3).map((set) => new Map([...filler, ...set]));
    const { unconflicted, conflicted } = splitStates(sets);
    expect(conflicted.size).to.be.greaterThan(2);
    const asked: string[] = [];
    const resolution = decide(resolve(version('12'), conflictOf(sets, room.events)), (need) => {
      asked.push(need);
      if (!isEventNeed(need)) expect(conflicted.has(need)).to.equal(false);
      const eventId = isEventNeed(need) ? need : unconflicted.get(need);
      return eventId && room.events.get(eventId);
    });
    expect([...resolution.keys()]).to.include.members([...conflicted.keys()]);
    expect(asked.length).to.be.lessThan(60);
  });

  it('complains about a conflicted event that is not there', () => {
    const room = roomOf('11', 3, 30);
    const sets = [room.placed[0]!, room.placed.at(-1)!].map(({ after }) => after);
    const conflict = conflictOf(sets, room.events);
    expect(() => decide(resolve(version('11'), conflict), () => undefined)).to.throw('which was not found');
  });
});
