import type { UserId } from '@holm/spec/ids';
import fc from 'fast-check';
import { userOf } from './sync.ts';

/** What happens in a room, as far as it matters to what somebody has not read. */

export const [alice, bob, carol] = [userOf('alice'), userOf('bob'), userOf('carol')];
export const PEOPLE = [alice, bob, carol];
/** How many sets of rules of their own there are for people to choose from. */
export const OWN_RULES = 5;

const index = fc.nat({ max: 1_000 });
const who = fc.constantFrom(...PEOPLE);
export const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('say' as const), who, text: fc.constantFrom('cake', 'tea') }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('reply' as const), who, index }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('refer' as const), who, index }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('edit' as const), who, index, mentions: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('topic' as const), who: fc.constant(alice) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('redact' as const), index }) },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('read' as const),
      who,
      index,
      kind: fc.constantFrom('all', 'thread', 'private'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('rules' as const), who, index: fc.nat({ max: OWN_RULES - 1 }) }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('follow' as const), who, index }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('ignore' as const), who, whom: fc.option(who) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('again' as const), who: fc.constantFrom(bob, carol) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('restart' as const), saves: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('look' as const), who }) },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const readBy = (who: UserId, index: number): Step[] => [
  { what: 'read', who, index, kind: 'thread' },
  { what: 'look', who },
];

/** What speaks of something in a thread is in it, too, until that is redacted; whoever has counted it before, or not. */
const MOVED: Step[] = [
  { what: 'say', who: alice, text: 'tea' },
  { what: 'reply', who: alice, index: 0 },
  { what: 'refer', who: alice, index: 1 },
  { what: 'refer', who: carol, index: 2 },
  { what: 'look', who: alice },
];
const EDITED: Step[] = [
  ...MOVED.slice(0, 2),
  { what: 'edit', who: alice, index: 1, mentions: true },
  { what: 'edit', who: alice, index: 1, mentions: false },
];
export const EXAMPLES: [Step[]][] = [
  [[...MOVED, { what: 'redact', index: 1 }]],
  [[...MOVED, { what: 'look', who: bob }, { what: 'look', who: carol }, { what: 'redact', index: 1 }]],
  [[...MOVED, { what: 'look', who: bob }, { what: 'restart', saves: true }, { what: 'redact', index: 1 }]],
  [[...MOVED, ...readBy(bob, 3), { what: 'redact', index: 1 }]],
  [[...EDITED, { what: 'look', who: bob }, { what: 'redact', index: 1 }]],
];
