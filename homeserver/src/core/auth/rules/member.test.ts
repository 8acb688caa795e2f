import { expect } from 'chai';
import { testRoom } from '../../../testing/events.ts';
import { roomVersions } from '../../rooms/room-version.ts';
import { authorise } from '../authorise.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';
const carol = '@carol:c.test';

interface Case {
  readonly what: string;
  readonly membership: string;
  /** Who acts; bob if not given. */
  readonly sender?: string;
  /** On whom; carol if not given. */
  readonly target?: string;
  readonly before?: Readonly<Record<string, string>>;
  readonly powers?: Readonly<Record<string, number>>;
  readonly levels?: Readonly<Record<string, number>>;
  readonly joinRule?: string;
  /** Undefined where it is allowed. */
  readonly reason?: string;
}

const NOT_IN = 'the sender is not in the room';
const LOW = (level: string) => `the sender's power level is below the ${level} level`;
const EQUAL = 'the target user has as much power as the sender';
const joined = { [bob]: 'join' };

const cases: readonly Case[] = [
  { what: 'invite by a member', membership: 'invite', before: joined },
  { what: 'invite by a stranger', membership: 'invite', reason: NOT_IN },
  { what: 'invite by an invited', membership: 'invite', before: { [bob]: 'invite' }, reason: NOT_IN },
  {
    what: 'invite of a member',
    membership: 'invite',
    before: { ...joined, [carol]: 'join' },
    reason: 'the target user is already in the room',
  },
  {
    what: 'invite of a banned user',
    membership: 'invite',
    before: { ...joined, [carol]: 'ban' },
    reason: 'the target user is banned',
  },
  { what: 'invite of an invited user', membership: 'invite', before: { ...joined, [carol]: 'invite' } },
  { what: 'invite at the level', membership: 'invite', before: joined, powers: { [bob]: 30 }, levels: { invite: 30 } },
  {
    what: 'invite below the level',
    membership: 'invite',
    before: joined,
    powers: { [bob]: 29 },
    levels: { invite: 30 },
    reason: LOW('invite'),
  },

  { what: 'leaving', membership: 'leave', target: bob, before: joined },
  { what: 'declining an invite', membership: 'leave', target: bob, before: { [bob]: 'invite' } },
  { what: 'leaving twice', membership: 'leave', target: bob, before: { [bob]: 'leave' }, reason: NOT_IN },
  { what: 'leaving as a stranger', membership: 'leave', target: bob, reason: NOT_IN },
  {
    what: 'leaving while banned',
    membership: 'leave',
    target: bob,
    before: { [bob]: 'ban' },
    reason: 'the sender is banned',
  },
  { what: 'kick by a stranger', membership: 'leave', powers: { [bob]: 50 }, reason: NOT_IN },
  { what: 'kick at the default level', membership: 'leave', before: joined, powers: { [bob]: 50 } },
  { what: 'kick below it', membership: 'leave', before: joined, powers: { [bob]: 49 }, reason: LOW('kick') },
  { what: 'kick at a set level', membership: 'leave', before: joined, powers: { [bob]: 1 }, levels: { kick: 1 } },
  {
    what: 'kick of an equal',
    membership: 'leave',
    before: { ...joined, [carol]: 'join' },
    powers: { [bob]: 50, [carol]: 50 },
    reason: EQUAL,
  },
  { what: 'unban', membership: 'leave', before: { ...joined, [carol]: 'ban' }, powers: { [bob]: 50 } },
  {
    what: 'unban below the ban level',
    membership: 'leave',
    before: { ...joined, [carol]: 'ban' },
    powers: { [bob]: 50 },
    levels: { ban: 51 },
    reason: LOW('ban'),
  },
  {
    what: 'unban below the kick level',
    membership: 'leave',
    before: { ...joined, [carol]: 'ban' },
    powers: { [bob]: 50 },
    levels: { kick: 51 },
    reason: LOW('kick'),
  },
  {
    what: 'unban of an equal',
    membership: 'leave',
    before: { ...joined, [carol]: 'ban' },
    powers: { [bob]: 50, [carol]: 50 },
    reason: EQUAL,
  },

  { what: 'ban by a stranger', membership: 'ban', powers: { [bob]: 50 }, reason: NOT_IN },
  { what: 'ban at the default level', membership: 'ban', before: joined, powers: { [bob]: 50 } },
  { what: 'ban below it', membership: 'ban', before: joined, powers: { [bob]: 49 }, reason: LOW('ban') },
  { what: 'ban at a set level', membership: 'ban', before: joined, powers: { [bob]: 1 }, levels: { ban: 1 } },
  { what: 'ban of an equal', membership: 'ban', before: joined, powers: { [bob]: 50, [carol]: 50 }, reason: EQUAL },
  { what: 'ban of oneself', membership: 'ban', target: bob, before: joined, powers: { [bob]: 50 }, reason: EQUAL },

  { what: 'a membership nobody knows', membership: 'lurk', before: joined, reason: 'the membership is not known' },
  { what: 'a name of JavaScript', membership: 'constructor', before: joined, reason: 'the membership is not known' },
];

const roomFor = (version: string, { before = {}, powers = {}, levels = {}, joinRule }: Case) => {
  const room = testRoom(version);
  room.member(alice, 'join');
  const users = version === '12' ? powers : { [alice]: 100, ...powers };
  room.put({ type: 'm.room.power_levels', sender: alice, stateKey: '', content: { users, ...levels } });
  if (joinRule !== undefined) {
    room.put({ type: 'm.room.join_rules', sender: alice, stateKey: '', content: { join_rule: joinRule } });
  }
  for (const [user, membership] of Object.entries(before)) room.member(user, membership, alice);
  return room;
};

const verdict = (version: string, test: Case) => {
  const { membership, sender = bob, target = carol } = test;
  const room = roomFor(version, test);
  return authorise(
    room.event({ type: 'm.room.member', sender, stateKey: target, content: { membership } }),
    room.state,
  );
};

describe('the rules for memberships', () => {
  for (const test of cases) {
    it(`${test.reason === undefined ? 'allow' : 'refuse'} ${test.what} in every version`, () => {
      const expected = test.reason === undefined ? { allowed: true } : { allowed: false, reason: test.reason };
      for (const { id } of roomVersions) expect(verdict(id, test), `version ${id}`).to.eql(expected);
    });
  }

  it('refuse a membership without a state key', () => {
    const room = testRoom('12');
    const event = room.event({ type: 'm.room.member', sender: alice, content: { membership: 'join' } });
    expect(authorise(event, room.state)).to.eql({ allowed: false, reason: 'a membership has no state key' });
  });

  it('refuse content without a membership', () => {
    const room = testRoom('12');
    const event = room.event({ type: 'm.room.member', sender: alice, stateKey: alice });
    expect(authorise(event, room.state)).to.eql({ allowed: false, reason: 'the content has no membership' });
  });

  it('ask of joins only who authorised them', () => {
    const room = testRoom('12');
    room.member(bob, 'join', alice);
    const content = { membership: 'leave', join_authorised_via_users_server: 7 };
    const event = room.event({ type: 'm.room.member', sender: bob, stateKey: bob, content });
    expect(authorise(event, room.state)).to.eql({ allowed: true });
  });

  it('let creators stand above everybody, where they are privileged', () => {
    const kick: Case = {
      what: 'kick of a creator',
      membership: 'leave',
      target: alice,
      before: joined,
      powers: { [bob]: 2 ** 53 - 1 },
    };
    expect(verdict('11', kick)).to.eql({ allowed: true });
    expect(verdict('12', kick)).to.eql({ allowed: false, reason: EQUAL });
    const back: Case = { ...kick, sender: alice, target: bob };
    expect(verdict('11', back)).to.eql({ allowed: false, reason: EQUAL });
    expect(verdict('12', back)).to.eql({ allowed: true });
  });
});

describe('the rules for knocking', () => {
  const knock = (joinRule: string | undefined, current?: string, sender = bob): Case => ({
    what: 'knock',
    membership: 'knock',
    sender,
    target: bob,
    ...(joinRule === undefined ? {} : { joinRule }),
    ...(current === undefined ? {} : { before: { [bob]: current } }),
  });

  const admitted: [joinRule: string | undefined, from: number | 'never'][] = [
    ['knock', 7],
    ['knock_restricted', 10],
    ['restricted', 'never'],
    ['invite', 'never'],
    ['public', 'never'],
    [undefined, 'never'],
  ];
  for (const [rule, from] of admitted) {
    it(`admit one under ${rule ?? 'no join rule'}: ${from === 'never' ? from : `from ${from} on`}`, () => {
      for (const { id } of roomVersions) {
        expect(verdict(id, knock(rule)).allowed, id).to.equal(from !== 'never' && Number(id) >= from);
      }
    });
  }

  const current: [membership: string, reason: string | undefined][] = [
    ['leave', undefined],
    ['knock', undefined],
    ['ban', 'the sender is banned'],
    ['invite', 'the sender is already invited'],
    ['join', 'the sender is already in the room'],
  ];
  for (const [membership, reason] of current) {
    it(`${reason === undefined ? 'admit' : 'refuse'} one from ${membership}`, () => {
      const expected = reason === undefined ? { allowed: true } : { allowed: false, reason };
      expect(verdict('7', knock('knock', membership))).to.eql(expected);
    });
  }

  it('refuse one for somebody else', () => {
    expect(verdict('7', knock('knock', undefined, carol))).to.eql({
      allowed: false,
      reason: 'nobody may knock for somebody else',
    });
  });

  it('let a knock be withdrawn where it is known', () => {
    const withdrawal: Case = { what: 'withdraw', membership: 'leave', target: bob, before: { [bob]: 'knock' } };
    expect(verdict('6', withdrawal)).to.eql({ allowed: false, reason: NOT_IN });
    expect(verdict('7', withdrawal)).to.eql({ allowed: true });
  });
});
