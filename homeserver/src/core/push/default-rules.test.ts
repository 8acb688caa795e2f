import { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { defaultPushRules, type PushRule } from './default-rules.ts';

const rules = defaultPushRules(UserId.parse('@alice:a.test'));
const kinds: readonly (readonly [kind: string, rules: readonly PushRule[]])[] = [
  ['override', rules.override],
  ['content', rules.content],
  ['postcontent', rules.postcontent],
  ['room', rules.room],
  ['sender', rules.sender],
  ['underride', rules.underride],
];
const all = kinds.flatMap(([, list]) => list);
const byId = (id: string) => all.find(({ rule_id }) => rule_id === id);

describe('defaultPushRules', () => {
  it('are those of the specification, in its order', () => {
    expect(Object.keys(rules)).to.have.members(kinds.map(([kind]) => kind));
    expect(Object.fromEntries(kinds.map(([kind, list]) => [kind, list.map((rule) => rule.rule_id)]))).to.eql({
      override: [
        '.m.rule.master',
        '.m.rule.suppress_notices',
        '.m.rule.invite_for_me',
        '.m.rule.member_event',
        '.m.rule.is_user_mention',
        '.m.rule.is_room_mention',
        '.m.rule.tombstone',
        '.m.rule.reaction',
        '.m.rule.room.server_acl',
        '.m.rule.suppress_edits',
      ],
      content: [],
      postcontent: ['.io.element.msc4306.rule.unsubscribed_thread', '.io.element.msc4306.rule.subscribed_thread'],
      room: [],
      sender: [],
      underride: [
        '.m.rule.call',
        '.m.rule.encrypted_room_one_to_one',
        '.m.rule.room_one_to_one',
        '.m.rule.message',
        '.m.rule.encrypted',
      ],
    });
  });

  it('are marked as defaults, and all on but the one that turns everything off, and those of threads', () => {
    expect(all.every((rule) => rule.default)).to.equal(true);
    expect(all.filter((rule) => !rule.enabled).map((rule) => rule.rule_id)).to.eql([
      '.m.rule.master',
      '.io.element.msc4306.rule.unsubscribed_thread',
      '.io.element.msc4306.rule.subscribed_thread',
    ]);
  });

  it('have conditions and actions, but neither where they suppress everything', () => {
    for (const rule of all) {
      expect(rule.conditions === undefined, rule.rule_id).to.equal(false);
      expect(rule.conditions!.length > 0, rule.rule_id).to.equal(rule.rule_id !== '.m.rule.master');
    }
    const silent = all.filter((rule) => rule.actions.length === 0).map((rule) => rule.rule_id);
    expect(silent).to.eql([
      '.m.rule.master',
      '.m.rule.suppress_notices',
      '.m.rule.member_event',
      '.m.rule.reaction',
      '.m.rule.room.server_acl',
      '.m.rule.suppress_edits',
      '.io.element.msc4306.rule.unsubscribed_thread',
    ]);
  });

  it('speak of their user', () => {
    expect(byId('.m.rule.invite_for_me')).to.eql({
      rule_id: '.m.rule.invite_for_me',
      default: true,
      enabled: true,
      conditions: [
        { key: 'type', kind: 'event_match', pattern: 'm.room.member' },
        { key: 'content.membership', kind: 'event_match', pattern: 'invite' },
        { key: 'state_key', kind: 'event_match', pattern: '@alice:a.test' },
      ],
      actions: ['notify', { set_tweak: 'sound', value: 'default' }],
    });
    expect(byId('.m.rule.is_user_mention')?.conditions).to.eql([
      { kind: 'event_property_contains', key: 'content.m\\.mentions.user_ids', value: '@alice:a.test' },
    ]);
  });

  it('ring, sound and highlight where the specification says', () => {
    const tweaks = (id: string) => byId(id)?.actions.slice(1);
    expect(tweaks('.m.rule.is_user_mention')).to.eql([
      { set_tweak: 'sound', value: 'default' },
      { set_tweak: 'highlight' },
    ]);
    expect(tweaks('.m.rule.is_room_mention')).to.eql([{ set_tweak: 'highlight' }]);
    expect(tweaks('.m.rule.tombstone')).to.eql([{ set_tweak: 'highlight' }]);
    expect(tweaks('.m.rule.call')).to.eql([{ set_tweak: 'sound', value: 'ring' }]);
    expect(tweaks('.m.rule.room_one_to_one')).to.eql([{ set_tweak: 'sound', value: 'default' }]);
    expect(tweaks('.m.rule.message')).to.eql([]);
  });
});
