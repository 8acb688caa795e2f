import { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { Event } from '../events/event.ts';
import { defaultPushRules, type PushCondition, type PushRule, type PushRuleset } from './default-rules.ts';
import { compileRules, evaluate, PushEvent, type Surroundings } from './evaluate.ts';
import { parsePath } from './property.ts';

const alice = UserId.parse('@alice:a.test');
const bob = UserId.parse('@bob:b.test');

const eventOf = (more: Partial<Event> = {}): PushEvent =>
  new PushEvent({
    type: 'm.room.message',
    sender: bob,
    roomId: RoomId.parse('!room:a.test'),
    eventId: EventId.parse('$event'),
    stateKey: undefined,
    sentAt: 1,
    content: {},
    ...more,
  } as Event);

const said = (content: JsonObject): PushEvent => eventOf({ content });
const around: Surroundings = { memberCount: 3, displayName: 'Alice (home)', mayNotify: () => false };

const NONE: PushRuleset = { override: [], content: [], postcontent: [], room: [], sender: [], underride: [] };
const rule = (more: Partial<PushRule> = {}): PushRule => ({
  rule_id: 'r',
  default: false,
  enabled: true,
  actions: ['notify'],
  ...more,
});

/** Whether a rule of that one condition matches. */
const holds = (condition: unknown, event: PushEvent, surroundings: Partial<Surroundings> = {}): boolean => {
  const rules = compileRules({ ...NONE, override: [rule({ conditions: [condition as PushCondition] })] }, alice);
  return evaluate(rules, event, { ...around, ...surroundings }) !== undefined;
};

describe('push conditions', () => {
  const topics: [string, unknown, boolean][] = [
    ['lunc?*', 'Lunch plans', true],
    ['lunc?*', 'LUNCH', true],
    ['lunc?*', ' lunch', false],
    ['lunc?*', 'lunc', false],
    ['lunc?*', null, false],
    ['*', undefined, false],
    ['*', '', true],
    ['', '', true],
    ['', 'x', false],
    ['a*b*c', 'aXXbYYc', true],
    ['a*b*c', 'acb', false],
    ['a*c*bc', 'acbcbc', true],
    ['*plan', 'plan of plan', true],
    ['?', '🍰', true],
    ['??', '🍰', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
  ];
  for (const [pattern, topic, expected] of topics) {
    it(`event_match ${pattern} on ${JSON.stringify(topic)}: ${expected}`, () => {
      const condition = { kind: 'event_match', key: 'content.topic', pattern };
      expect(holds(condition, said(topic === undefined ? {} : { topic: topic as string }))).to.equal(expected);
    });
  }

  const bodies: [string, string, boolean][] = [
    ['ex*ple', 'An example event.', true],
    ['ex*ple', 'exple', true],
    ['ex*ple', 'An exciting triple-whammy', true],
    ['ex*ple', 'index example', true],
    ['ex*ple', 'examples', false],
    ['cake', 'Cake!', true],
    ['cake', 'pancake', false],
    ['cake', 'pancake and cake', true],
    ['cake', 'cake_x', false],
    ['cake', 'cakes cake', true],
    ['ca?e', 'a case', true],
    ['cake*lie', 'cake is a lie', true],
    ['cake*lie', 'cake is a lied lie', true],
    ['cake*lie', 'the cake is believed', false],
    ['@room', 'hi @room', true],
    ['@room', 'me@room', false],
    ['über', 'Das ÜBER-Ding', true],
    ['a*', 'b a', true],
    ['cake mix', 'pancake mix, cake mix', true],
    ['cake mix', 'cakes mix', false],
  ];
  const others = Array.from({ length: 20 }, (_, i) => rule({ rule_id: `${i}`, pattern: `x${i}` }));
  for (const [pattern, body, expected] of bodies) {
    it(`looks for words in a text: ${pattern} in ${body}: ${expected}`, () => {
      expect(holds({ kind: 'event_match', key: 'content.body', pattern }, said({ body }))).to.equal(expected);
      for (const first of [[], others]) {
        const rules = compileRules({ ...NONE, content: [...first, rule({ pattern })] }, alice);
        expect(evaluate(rules, said({ body }), around) !== undefined).to.equal(expected);
      }
    });
  }

  const mentions = said({ 'm.mentions': { user_ids: [alice, 7, null], room: true }, 'm.federate': true, n: 1, o: {} });
  const cases: [string, unknown, boolean][] = [
    ['is the value', { kind: 'event_property_is', key: 'content.m\\.federate', value: true }, true],
    ['does not cast', { kind: 'event_property_is', key: 'content.m\\.federate', value: 'true' }, false],
    ['does not take 1 for true', { kind: 'event_property_is', key: 'content.m\\.federate', value: 1 }, false],
    ['is a number', { kind: 'event_property_is', key: 'content.n', value: 1 }, true],
    ['is absent', { kind: 'event_property_is', key: 'content.absent', value: null }, false],
    ['is no compound', { kind: 'event_property_is', key: 'content.o', value: {} }, false],
    ['is not inherited', { kind: 'event_property_is', key: 'content.toString.name', value: 'toString' }, false],
    ['needs the escape', { kind: 'event_property_is', key: 'content.m.federate', value: true }, false],
    ['contains', { kind: 'event_property_contains', key: 'content.m\\.mentions.user_ids', value: alice }, true],
    ['contains null', { kind: 'event_property_contains', key: 'content.m\\.mentions.user_ids', value: null }, true],
    [
      'contains a part',
      { kind: 'event_property_contains', key: 'content.m\\.mentions.user_ids', value: ':a.test' },
      false,
    ],
    ['contains in a text', { kind: 'event_property_contains', key: 'type', value: 'm' }, false],
    ['is unknown', { kind: 'org.example.moon', phase: 'full' }, false],
    ['has no key', { kind: 'event_match', pattern: '*' }, false],
    ['has no pattern', { kind: 'event_match', key: 'type' }, false],
    ['has no kind', {}, false],
    ['is of the sender', { kind: 'event_match', key: 'sender', pattern: '@bob:*' }, true],
    ['is of state that is none', { kind: 'event_match', key: 'state_key', pattern: '*' }, false],
  ];
  for (const [what, condition, expected] of cases) {
    it(`${what}: ${expected}`, () => expect(holds(condition, mentions)).to.equal(expected));
  }

  const counts: [unknown, boolean][] = [
    ['3', true],
    ['==3', true],
    ['2', false],
    ['<3', false],
    ['<=3', true],
    ['>2', true],
    ['>=4', false],
    ['three', false],
    ['=3', false],
    [3, false],
  ];
  for (const [is, expected] of counts) {
    it(`three members are ${is}: ${expected}`, () =>
      expect(holds({ kind: 'room_member_count', is }, eventOf())).to.equal(expected));
  }

  const names: [string, boolean][] = [
    ['hi Alice (home)', true],
    ['hi ALICE (HOME)!', true],
    ['malice (home)', false],
    ['alice home', false],
  ];
  for (const [body, expected] of names) {
    it(`a display name is no pattern: ${body}: ${expected}`, () =>
      expect(holds({ kind: 'contains_display_name' }, said({ body }))).to.equal(expected));
  }

  it('look for no name that there is not', () => {
    expect(holds({ kind: 'contains_display_name' }, said({ body: 'x' }), { displayName: undefined })).to.equal(false);
    expect(holds({ kind: 'contains_display_name' }, said({ body: 'x' }), { displayName: '' })).to.equal(false);
  });

  it('ask for the right power', () => {
    const condition = { kind: 'sender_notification_permission', key: 'room' };
    expect(holds(condition, eventOf(), { mayNotify: (key) => key === 'room' })).to.equal(true);
    expect(holds(condition, eventOf())).to.equal(false);
  });

  it('have to hold all of them, and none is as good as all', () => {
    const both = ['m.room.message', 'nothing'].map((pattern) => ({ kind: 'event_match', key: 'type', pattern }));
    const rules = compileRules({ ...NONE, override: [rule({ conditions: both as PushCondition[] })] }, alice);
    expect(evaluate(rules, eventOf(), around)).to.equal(undefined);
    expect(
      evaluate(compileRules({ ...NONE, underride: [rule({ conditions: [] })] }, alice), eventOf(), around)?.notify,
    ).to.equal(true);
  });

  it('cost no more than so much, whatever they look for', () => {
    const content = Array.from({ length: 300 }, (_, i) => rule({ rule_id: `${i}`, pattern: `*${'a?'.repeat(400)}b` }));
    const rules = compileRules({ ...NONE, content }, alice);
    const before = process.cpuUsage();
    expect(evaluate(rules, said({ body: 'a'.repeat(60_000) }), around)).to.equal(undefined);
    expect(process.cpuUsage(before).user / 1000).to.be.lessThan(1_000);
  });
});

describe('push rules', () => {
  const verdict = (event: PushEvent, own: Partial<PushRuleset> = {}, surroundings: Partial<Surroundings> = {}) => {
    const predefined = defaultPushRules(alice);
    const all = Object.fromEntries(
      Object.entries(predefined).map(([kind, rules]) => [kind, [...(own[kind as keyof PushRuleset] ?? []), ...rules]]),
    ) as unknown as PushRuleset;
    const found = evaluate(compileRules(all, alice), event, { ...around, ...surroundings });
    return found && [found.ruleId, found.notify, found.highlight];
  };

  const predefined: [string, PushEvent, Partial<Surroundings>, unknown][] = [
    ['a message', said({ body: 'x' }), {}, ['.m.rule.message', true, false]],
    ['a message to one', said({ body: 'x' }), { memberCount: 2 }, ['.m.rule.room_one_to_one', true, false]],
    ['a notice', said({ msgtype: 'm.notice' }), {}, ['.m.rule.suppress_notices', false, false]],
    ['a mention', said({ 'm.mentions': { user_ids: [alice] } }), {}, ['.m.rule.is_user_mention', true, true]],
    ['a mention of others', said({ 'm.mentions': { user_ids: [bob] } }), {}, ['.m.rule.message', true, false]],
    ['@room of the powerless', said({ 'm.mentions': { room: true } }), {}, ['.m.rule.message', true, false]],
    [
      '@room',
      said({ 'm.mentions': { room: true } }),
      { mayNotify: () => true },
      ['.m.rule.is_room_mention', true, true],
    ],
    ['an edit', said({ 'm.relates_to': { rel_type: 'm.replace' } }), {}, ['.m.rule.suppress_edits', false, false]],
    ['a reaction', eventOf({ type: 'm.reaction' }), {}, ['.m.rule.reaction', false, false]],
    ['something encrypted', eventOf({ type: 'm.room.encrypted' }), {}, ['.m.rule.encrypted', true, false]],
    ['a call', eventOf({ type: 'm.call.invite' }), {}, ['.m.rule.call', true, false]],
    ['the end of the room', eventOf({ type: 'm.room.tombstone', stateKey: '' }), {}, ['.m.rule.tombstone', true, true]],
    ['a tombstone that is none', eventOf({ type: 'm.room.tombstone' }), {}, undefined],
    [
      'another join',
      eventOf({ type: 'm.room.member', stateKey: bob, content: { membership: 'join' } }),
      {},
      ['.m.rule.member_event', false, false],
    ],
    [
      'an invitation',
      eventOf({ type: 'm.room.member', stateKey: alice, content: { membership: 'invite' } }),
      {},
      ['.m.rule.invite_for_me', true, false],
    ],
    ['a topic', eventOf({ type: 'm.room.topic', stateKey: '' }), {}, undefined],
  ];
  for (const [what, event, surroundings, expected] of predefined) {
    it(`find for ${what} the rule that is meant`, () => expect(verdict(event, {}, surroundings)).to.eql(expected));
  }

  it('are asked in the order of their kinds', () => {
    const actions: PushRule['actions'] = [];
    const own: [keyof PushRuleset, PushRule][] = [
      ['underride', rule({ rule_id: 'underride', actions, conditions: [] })],
      ['sender', rule({ rule_id: bob, actions })],
      ['room', rule({ rule_id: '!room:a.test', actions })],
      ['postcontent', rule({ rule_id: 'postcontent', actions, conditions: [] })],
      ['content', rule({ rule_id: 'content', actions, pattern: 'tea' })],
      ['override', rule({ rule_id: 'override', actions, conditions: [] })],
    ];
    let rules: Partial<PushRuleset> = {};
    for (const [kind, one] of own) {
      rules = { ...rules, [kind]: [one] };
      expect(verdict(said({ body: 'time for tea' }), rules)).to.eql([one.rule_id, false, false]);
    }
  });

  it('of threads look at which of them somebody follows, once that is asked for', () => {
    const postcontent = defaultPushRules(alice).postcontent.map((one) => ({ ...one, enabled: true }));
    const inThread = { ...around, thread: '$root', subscribed: new Set(['$other']) };
    const [without, within] = postcontent.map(({ rule_id: id }) => id);
    expect(verdict(eventOf(), { postcontent }, inThread)).to.eql([without, false, false]);
    expect(verdict(eventOf(), { postcontent }, { ...around, thread: '$root' })).to.eql([without, false, false]);
    const followed = { ...inThread, subscribed: new Set(['$root']) };
    expect(verdict(eventOf(), { postcontent }, followed)).to.eql([within, true, false]);
    expect(verdict(eventOf({ stateKey: '' }), { postcontent }, followed)?.[0]).to.equal('.m.rule.message');
    expect(verdict(eventOf(), { postcontent }, { ...followed, thread: 'main' })?.[0]).to.equal('.m.rule.message');
    expect(verdict(eventOf(), {}, inThread)?.[0]).to.equal('.m.rule.message');
  });

  it('of rooms and senders are exact', () => {
    expect(verdict(eventOf(), { sender: [rule({ rule_id: '@bob:*', actions: [] })] })?.[0]).to.equal('.m.rule.message');
    expect(verdict(eventOf(), { room: [rule({ rule_id: '!ROOM:a.test', actions: [] })] })?.[0]).to.equal(
      '.m.rule.message',
    );
  });

  it('do not match when they are switched off', () => {
    const off = rule({ enabled: false, actions: [], conditions: [] });
    expect(verdict(eventOf(), { override: [off] })).to.eql(['.m.rule.message', true, false]);
  });

  it('read tweaks as they are meant', () => {
    const of = (...actions: PushRule['actions']) =>
      verdict(eventOf(), { override: [rule({ actions, conditions: [] })] });
    const tweak = (value?: boolean) => ({ set_tweak: 'highlight', ...(value !== undefined && { value }) });
    expect(of('notify', tweak(true))).to.eql(['r', true, true]);
    expect(of('notify', tweak(false))).to.eql(['r', true, false]);
    expect(of(tweak())).to.eql(['r', false, false]);
  });

  it('ignore what once was an action', () => {
    const actions = ['dont_notify', 'notify', 'coalesce'] as const;
    const rules = compileRules({ ...NONE, override: [rule({ actions, conditions: [] })] }, alice);
    expect(evaluate(rules, eventOf(), around)?.actions).to.eql(['notify']);
  });
});

describe('paths of properties', () => {
  const cases: [string, string[]][] = [
    ['content.body', ['content', 'body']],
    [String.raw`content.m\.relates_to.rel_type`, ['content', 'm.relates_to', 'rel_type']],
    [String.raw`a\\.b`, ['a\\', 'b']],
    [String.raw`a\b`, ['a\\b']],
    ['a..b', ['a', '', 'b']],
    ['', ['']],
  ];
  for (const [key, path] of cases) it(`of ${key}`, () => expect(parsePath(key)).to.eql(path));
});
