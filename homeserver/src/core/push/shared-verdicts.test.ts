import { EventId, RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Event } from '../events/event.ts';
import { defaultPushRules, type PushCondition, type PushRuleset, THREAD_SUBSCRIPTION } from './default-rules.ts';
import { compileRules, evaluate, PushEvent } from './evaluate.ts';

const alice = UserId.parse('@alice:a.test');
const bob = UserId.parse('@bob:b.test');

const said = (content: Event['content']): PushEvent =>
  new PushEvent({
    type: 'm.room.message',
    sender: bob,
    roomId: RoomId.parse('!room:a.test'),
    eventId: EventId.parse('$event'),
    stateKey: undefined,
    sentAt: 1,
    content,
  } as Event);

describe('push rules of many people', () => {
  const people = ['@alice:a.test', '@bob:b.test', '@bob:b.test.org', '@carol:c.test'].map((id) => UserId.parse(id));
  const conditions: readonly ((me: UserId) => PushCondition)[] = [
    (me) => ({ kind: 'event_property_contains', key: String.raw`content.m\.mentions.user_ids`, value: me }),
    () => ({ kind: 'event_property_is', key: 'sender', value: bob }),
    () => ({ kind: 'event_match', key: 'content.body', pattern: 'fox' }),
    () => ({ kind: 'event_match', key: 'content.body', pattern: bob }),
    () => ({ kind: 'room_member_count', is: '2' }),
    () => ({ kind: 'contains_display_name' }),
    () => ({ kind: THREAD_SUBSCRIPTION, subscribed: true }),
  ];
  const wishes = fc.array(
    fc.tuple(
      fc.nat({ max: conditions.length - 1 }),
      fc.boolean(),
      fc.constantFrom('override' as const, 'underride' as const),
    ),
    { maxLength: 4 },
  );
  const rulesOf = (
    me: UserId,
    wish: readonly (readonly [number, boolean, 'override' | 'underride'])[],
  ): PushRuleset => {
    const own = wish.map(
      ([n, enabled, kind], i) =>
        [
          kind,
          { rule_id: `${i}`, default: false, enabled, actions: ['notify' as const], conditions: [conditions[n]!(me)] },
        ] as const,
    );
    const of = (kind: string) => own.filter(([one]) => one === kind).map(([, made]) => made);
    const predefined = defaultPushRules(me);
    return {
      ...predefined,
      override: [...of('override'), ...predefined.override],
      underride: [...of('underride'), ...predefined.underride],
    };
  };

  it('come to the same whether they are asked one by one or what they have in common is shared', () => {
    const contents = fc.record({
      body: fc.constantFrom('a fox', 'a hen', bob, 'hello Alice (home)'),
      'm.mentions': fc.record({ user_ids: fc.subarray(people) }),
    });
    fc.assert(
      fc.property(
        fc.array(wishes, { minLength: 1, maxLength: 3 }),
        contents,
        fc.constantFrom(2, 3),
        (all, content, memberCount) => {
          const event = said(content);
          const decided = new Map<string, number>();
          for (const wish of all) {
            for (const me of people) {
              const rules = compileRules(rulesOf(me, wish), me);
              const surroundings = {
                mayNotify: () => false,
                memberCount,
                displayName: me === alice ? 'Alice (home)' : undefined,
                thread: '$root',
                subscribed: new Set(me === bob ? ['$root'] : []),
              };
              const shared = evaluate(rules, event, { ...surroundings, decided });
              expect(shared?.ruleId).to.equal(evaluate(rules, event, surroundings)?.ruleId);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('have one shape if only their owners are others', () => {
    const [first, second] = people.map((me) => compileRules(defaultPushRules(me), me).shape);
    expect(first).to.equal(second);
    expect(compileRules(rulesOf(alice, [[1, true, 'override']]), alice).shape).to.not.equal(first);
  });
});
