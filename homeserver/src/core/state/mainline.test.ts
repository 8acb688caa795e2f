import { expect } from 'chai';
import type { EventId } from '@holm/spec/ids';
import { testEvent } from '../../testing/events.ts';
import type { StateEvent } from '../events/event.ts';
import { decide } from '../needs.ts';
import { roomVersion } from '../rooms/room-version.ts';
import type { ResolutionNeed } from './conflict.ts';
import { inMainlineOrder } from './mainline.ts';
import type { Gathering } from './resolve-events.ts';
import { Gathered } from './resolve-events.ts';
import { asState } from './testing/state-sets.ts';

const version = roomVersion('11')!;
const make = (eventId: string, type: string, authEvents: string[], sentAt = 0) =>
  asState(testEvent(version, { type, stateKey: '', sender: '@alice:a.test', eventId, authEvents, sentAt }));

/** A hundred changes of power levels, one after the other. */
const line = Array.from({ length: 100 }, (_, n) =>
  make(`$power${n}`, 'm.room.power_levels', n === 0 ? [] : [`$power${n - 1}`]),
);

const order = (
  names: readonly (readonly [name: string, authEvents: string[], sentAt?: number])[],
  rounds: ResolutionNeed[][] = [],
) => {
  const events = names.map(([name, authEvents, sentAt]) => make(name, 'm.room.topic', authEvents, sentAt));
  const beside = make('$beside', 'm.room.power_levels', ['$power97']);
  const known = new Map([...line, ...events, beside].map((event) => [event.eventId, event]));
  const gathered = new Gathered({ conflicted: new Map(), authDifference: [], conflictedSubgraph: [] });
  const ordered = decide(
    (function* (): Gathering<StateEvent[]> {
      const ordering = inMainlineOrder(gathered, events, line.at(-1));
      let step = ordering.next();
      while (!step.done) {
        rounds.push([...step.value]);
        step = ordering.next(yield step.value);
      }
      return step.value;
    })(),
    (need) => known.get(need as EventId),
  );
  return ordered.map(({ eventId }) => eventId);
};

describe('mainline ordering', () => {
  it('goes from the oldest power levels to the newest, those beside the line by where they meet it', () => {
    const names = [
      ['$d', ['$power99']],
      ['$c', ['$power98']],
      ['$b', ['$beside']],
      ['$a', ['$power3']],
      ['$none', []],
    ] as [string, string[]][];
    for (const shuffled of [names, names.toReversed()])
      expect(order(shuffled)).to.eql(['$none', '$a', '$b', '$c', '$d']);
  });

  it('decides by time and then by event id within a place', () => {
    expect(
      order([
        ['$b', ['$power5'], 2],
        ['$c', ['$power5'], 2],
        ['$d', ['$power5'], 1],
      ]),
    ).to.eql(['$d', '$b', '$c']);
  });

  it('does not read the history of power levels for events of today', () => {
    const rounds: ResolutionNeed[][] = [];
    order(
      [
        ['$a', ['$power99']],
        ['$b', ['$power98']],
        ['$c', ['$beside']],
      ],
      rounds,
    );
    expect(rounds.length).to.be.at.most(3);
  });
});
