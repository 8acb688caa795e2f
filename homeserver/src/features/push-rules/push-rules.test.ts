import { MatrixError } from '@holm/spec/errors';
import { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { PushRules, pushRulesContent } from './index.ts';
import type { RuleKind } from './ruleset.ts';

const alice = UserId.parse('@alice:a.test');
const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);
const place = {};

/** Account data of one user, in memory. */
const build = () => {
  let stored: JsonObject | undefined;
  const rules = new PushRules({
    get: async () => pushRulesContent(alice, stored),
    update: async (_key, change) => {
      stored = JSON.parse(JSON.stringify(change(stored))) as JsonObject;
    },
  });
  const ids = async (kind: RuleKind) => (await rules.all(alice))[kind].map(({ rule_id }) => rule_id);
  const own = async (kind: RuleKind) => (await ids(kind)).filter((id) => !id.startsWith('.'));
  const add = (ruleId: string, where: { before?: string; after?: string } = place) =>
    rules.set(alice, { kind: 'content', ruleId }, { actions: ['notify'], pattern: ruleId, place: where });
  return { rules, ids, own, add };
};

describe('push rules', () => {
  it('are the predefined ones for who has no others', async () => {
    const { ids } = build();
    expect((await ids('override'))[0]).to.equal('.m.rule.master');
    expect(await ids('content')).to.eql([]);
  });

  it('of the user come before the predefined ones, but after the master switch', async () => {
    const { ids, rules } = build();
    await rules.set(alice, { kind: 'override', ruleId: 'mine' }, { actions: [], place });
    await rules.set(alice, { kind: 'underride', ruleId: 'mine' }, { actions: [], place });
    expect((await ids('override')).slice(0, 3)).to.eql(['.m.rule.master', 'mine', '.m.rule.suppress_notices']);
    expect((await ids('underride')).slice(0, 2)).to.eql(['mine', '.m.rule.call']);
  });

  it('go where they are asked to', async () => {
    const { add, own } = build();
    await add('a');
    await add('b');
    expect(await own('content')).to.eql(['b', 'a']);
    await add('c', { after: 'b' });
    expect(await own('content')).to.eql(['b', 'c', 'a']);
    await add('d', { before: 'a', after: 'b' });
    expect(await own('content')).to.eql(['b', 'c', 'd', 'a']);
    await add('d', { before: 'b' });
    expect(await own('content')).to.eql(['d', 'b', 'c', 'a']);
    await add('c');
    expect(await own('content')).to.eql(['d', 'b', 'c', 'a']);
    expect(await add('e', { before: 'nobody' }).catch(code)).to.equal('M_UNKNOWN');
    expect(await add('e', { after: '.m.rule.master' }).catch(code)).to.equal('M_UNKNOWN');
  });

  it('are switched and given other actions, predefined ones too', async () => {
    const { add, rules } = build();
    await add('cake');
    for (const name of [
      { kind: 'content', ruleId: 'cake' },
      { kind: 'override', ruleId: '.m.rule.master' },
    ] as const) {
      await rules.setEnabled(alice, name, false);
      await rules.setActions(alice, name, ['dont_notify', { set_tweak: 'highlight' }]);
      const rule = await rules.get(alice, name);
      expect([rule.enabled, rule.actions]).to.eql([false, ['dont_notify', { set_tweak: 'highlight' }]]);
    }
    await add('cake');
    expect((await rules.get(alice, { kind: 'content', ruleId: 'cake' })).enabled).to.equal(false);
  });

  it("that do not exist, or are not the user's to remove, are not found", async () => {
    const { add, own, rules } = build();
    await add('cake');
    await rules.remove(alice, { kind: 'content', ruleId: 'cake' });
    expect(await own('content')).to.eql([]);
    const gone = { kind: 'content', ruleId: 'cake' } as const;
    const attempts = [
      rules.get(alice, gone),
      rules.remove(alice, gone),
      rules.setEnabled(alice, gone, true),
      rules.setActions(alice, gone, []),
      rules.remove(alice, { kind: 'override', ruleId: '.m.rule.master' }),
      rules.get(alice, { kind: 'underride', ruleId: '.m.rule.master' }),
    ];
    expect(await Promise.all(attempts.map((attempt) => attempt.catch(code)))).to.eql(Array(6).fill('M_NOT_FOUND'));
  });

  const refused: [string, RuleKind, string, object, string][] = [
    ['the name of a predefined rule', 'override', '.mine', {}, 'M_INVALID_PARAM'],
    ['a slash', 'override', 'a/b', {}, 'M_INVALID_PARAM'],
    ['a backslash', 'override', 'a\\b', {}, 'M_INVALID_PARAM'],
    ['a room rule for no room', 'room', 'lounge', {}, 'M_INVALID_PARAM'],
    ['a sender rule for nobody', 'sender', 'bob', {}, 'M_INVALID_PARAM'],
    ['a content rule without pattern', 'content', 'cake', {}, 'M_MISSING_PARAM'],
    ['an unknown action', 'override', 'a', { actions: ['explode'] }, 'M_INVALID_PARAM'],
    ['a tweak without a name', 'override', 'a', { actions: [{ value: 1 }] }, 'M_INVALID_PARAM'],
    ['a condition without a kind', 'override', 'a', { conditions: [{ key: 'x' }] }, 'M_INVALID_PARAM'],
    ['too much', 'content', 'a', { pattern: 'x'.repeat(300_000) }, 'M_TOO_LARGE'],
  ];
  for (const [what, kind, ruleId, wish, expected] of refused) {
    it(`refuse ${what}`, async () => {
      const { own, rules } = build();
      expect(await rules.set(alice, { kind, ruleId }, { actions: [], ...wish, place }).catch(code)).to.equal(expected);
      expect(await own(kind)).to.eql([]);
    });
  }

  it('keep conditions that only clients understand', async () => {
    const { rules } = build();
    const conditions = [{ kind: 'org.example.moon', phase: 'full' }];
    await rules.set(alice, { kind: 'override', ruleId: 'x' }, { actions: [], conditions, place });
    expect((await rules.get(alice, { kind: 'override', ruleId: 'x' })).conditions).to.eql(conditions);
  });
});
