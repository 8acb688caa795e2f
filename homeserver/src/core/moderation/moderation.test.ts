import { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { Event } from '../events/event.ts';
import { type BanRule, banRuleOf, BanRules } from './ban-rules.ts';
import { type HouseRules, objectionTo } from './judgement.ts';

const rule = (type: string, entity: string, recommendation = 'm.ban', reason?: string): BanRule | undefined =>
  banRuleOf(type, { entity, recommendation, ...(reason !== undefined && { reason }) });

describe('rules of ban lists', () => {
  const read: [type: string, content: JsonObject, target: string | undefined][] = [
    ['m.policy.rule.user', { entity: '@a:b', recommendation: 'm.ban' }, 'user'],
    ['m.policy.rule.server', { entity: '*.b', recommendation: 'org.matrix.mjolnir.ban' }, 'server'],
    ['m.policy.rule.room', { entity: '!r:b', recommendation: 'm.ban' }, 'room'],
    ['m.room.rule.user', { entity: '@a:b', recommendation: 'm.ban' }, 'user'],
    ['org.matrix.mjolnir.rule.server', { entity: 'b', recommendation: 'm.ban' }, 'server'],
    ['m.policy.rule.user', { entity: '@a:b', recommendation: 'm.mute' }, undefined],
    ['m.policy.rule.user', { recommendation: 'm.ban' }, undefined],
    ['m.policy.rule.user', { entity: '', recommendation: 'm.ban' }, undefined],
    ['m.policy.rule.user', {}, undefined],
    ['m.policy.rule.other', { entity: '@a:b', recommendation: 'm.ban' }, undefined],
    ['x.m.policy.rule.user', { entity: '@a:b', recommendation: 'm.ban' }, undefined],
  ];
  for (const [type, content, target] of read) {
    it(`reads ${type} ${JSON.stringify(content)} as ${target ?? 'none'}`, () =>
      expect(banRuleOf(type, content)?.target).to.equal(target));
  }

  it('are found by name and by wildcards, each for what it is about', () => {
    const rules = new BanRules(
      [
        rule('m.policy.rule.user', '@eve:b.test'),
        rule('m.policy.rule.user', '@spam*:b.test'),
        rule('m.policy.rule.server', '*.evil.test'),
      ].filter((one) => one !== undefined),
    );
    expect(rules.about('user', '@eve:b.test')?.entity).to.equal('@eve:b.test');
    expect(rules.about('user', '@spammer:b.test')?.entity).to.equal('@spam*:b.test');
    expect(rules.about('server', 'x.evil.test')?.entity).to.equal('*.evil.test');
    expect(rules.about('server', 'evil.test')).to.equal(undefined);
    expect(rules.about('server', '@eve:b.test')).to.equal(undefined);
    expect(rules.about('user', '@steve:b.test')).to.equal(undefined);
  });
});

describe('what a policy server thinks of an event', () => {
  const house: HouseRules = { maxMentions: 2, refusedTypes: new Set(['m.image', 'm.sticker']) };
  const bans = new BanRules(
    [rule('m.policy.rule.user', '@eve:b.test', 'm.ban', 'spam'), rule('m.policy.rule.server', 'evil.test')].filter(
      (one) => one !== undefined,
    ),
  );
  const event = (sender: string, type: string, content: JsonObject, stateKey?: string): Event =>
    ({ sender: UserId.parse(sender), type, content, stateKey }) as unknown as Event;
  const message = (content: JsonObject, sender = '@bob:b.test') => event(sender, 'm.room.message', content);
  const member = (sender: string, user: string, membership: string) =>
    event(sender, 'm.room.member', { membership }, user);
  const link = (user: string) => `<a href="https://matrix.to/#/${user}">x</a>`;

  const cases: [what: string, event: Event, objection: RegExp | undefined][] = [
    ['a message', message({ msgtype: 'm.text', body: 'hello' }), undefined],
    ['a message of who is on a list', message({ body: 'x' }, '@eve:b.test'), /@eve:b\.test is on a ban list: spam/],
    ['a message from a server on a list', message({ body: 'x' }, '@x:evil.test'), /on a ban list/],
    ['the same with a port', message({ body: 'x' }, '@x:Evil.test:8448'), /on a ban list/],
    ['their leaving', member('@eve:b.test', '@eve:b.test', 'leave'), undefined],
    ['their being banned', member('@bob:b.test', '@eve:b.test', 'ban'), undefined],
    ['their being invited', member('@bob:b.test', '@eve:b.test', 'invite'), /on a ban list/],
    ['their joining', member('@eve:b.test', '@eve:b.test', 'join'), /on a ban list/],
    ['a picture', message({ msgtype: 'm.image' }), /m\.image is not wanted/],
    ['a sticker', event('@bob:b.test', 'm.sticker', {}), /m\.sticker is not wanted/],
    ['a type that is no text', message({ msgtype: 7 }), undefined],
    ['two mentions', message({ 'm.mentions': { user_ids: ['@a:b', '@b:b', '@a:b'] } }), undefined],
    ['three', message({ 'm.mentions': { user_ids: ['@a:b', '@b:b', '@c:b'] } }), /3 people are mentioned, 2 may be/],
    ['three links', message({ formatted_body: ['@a:b', '%40b:b', '@c:b'].map(link).join(' ') }), /3 people/],
    ['three links to one', message({ formatted_body: ['@a:b', '@a:b', '@a:b'].map(link).join(' ') }), undefined],
    ['links to rooms', message({ formatted_body: ['#a:b', '!b:b', '#c:b'].map(link).join(' ') }), undefined],
    ['mentions that are malformed', message({ 'm.mentions': { user_ids: 'all' }, formatted_body: 3 }), undefined],
  ];
  for (const [what, given, objection] of cases) {
    it(`has ${objection ? 'something' : 'nothing'} against ${what}`, () => {
      const said = objectionTo(given, house, bans);
      if (objection) expect(said).to.match(objection);
      else expect(said).to.equal(undefined);
    });
  }
});
