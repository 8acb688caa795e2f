import { expect } from 'chai';
import { testRoom } from '../../../testing/events.ts';
import { roomVersions } from '../../rooms/room-version.ts';
import { authorise } from '../authorise.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';

const roomWith = (version: string, joinRule: unknown, membership?: string) => {
  const room = testRoom(version);
  room.member(alice, 'join');
  if (joinRule !== undefined) {
    const content = { join_rule: joinRule as string };
    room.put({ type: 'm.room.join_rules', sender: alice, stateKey: '', content });
  }
  if (membership !== undefined) room.member(bob, membership, alice);
  return room;
};

const join = (user: string, sender = user, content = {}) => ({
  type: 'm.room.member',
  sender,
  stateKey: user,
  content: { membership: 'join', ...content },
});

describe('the rules for joining', () => {
  /** Which versions let somebody with this membership in under this join rule. */
  const cases: [joinRule: unknown, membership: string | undefined, from: number | 'never'][] = [
    ['public', undefined, 1],
    ['public', 'leave', 1],
    ['public', 'invite', 1],
    ['public', 'join', 1],
    ['public', 'ban', 'never'],
    ['invite', undefined, 'never'],
    ['invite', 'leave', 'never'],
    ['invite', 'invite', 1],
    ['invite', 'join', 1],
    ['invite', 'ban', 'never'],
    [undefined, undefined, 'never'],
    [undefined, 'invite', 1],
    ['private', 'invite', 'never'],
    ['private', 'join', 'never'],
    [null, 'invite', 'never'],
    [['public'], undefined, 'never'],
    ['knock', undefined, 'never'],
    ['knock', 'knock', 'never'],
    ['knock', 'invite', 7],
    ['knock', 'join', 7],
    ['restricted', undefined, 'never'],
    ['restricted', 'invite', 8],
    ['restricted', 'join', 8],
    ['restricted', 'ban', 'never'],
    ['knock_restricted', undefined, 'never'],
    ['knock_restricted', 'invite', 10],
    ['knock_restricted', 'join', 10],
  ];
  for (const [rule, membership, from] of cases) {
    it(`${JSON.stringify(rule)} admits ${membership ?? 'a stranger'}: ${from === 'never' ? from : `from ${from} on`}`, () => {
      for (const { id } of roomVersions) {
        const room = roomWith(id, rule, membership);
        const { allowed } = authorise(room.event(join(bob)), room.state);
        expect(allowed, `version ${id}`).to.equal(from !== 'never' && Number(id) >= from);
      }
    });
  }

  it('nobody joins for somebody else', () => {
    const room = roomWith('12', 'public');
    expect(authorise(room.event(join(bob, alice)), room.state)).to.eql({
      allowed: false,
      reason: 'nobody may join for somebody else',
    });
  });

  it('a banned user is told so', () => {
    const room = roomWith('12', 'public', 'ban');
    expect(authorise(room.event(join(bob)), room.state)).to.eql({ allowed: false, reason: 'the sender is banned' });
  });

  describe('right after the create event', () => {
    for (const { id } of roomVersions) {
      it(`its creator joins a version ${id} room, and nobody else`, () => {
        const room = testRoom(id, { content: { additional_creators: [bob] } });
        expect(authorise(room.event(join(alice)), room.state)).to.eql({ allowed: true });
        expect(authorise(room.event(join(bob)), room.state).allowed).to.equal(false);
        const twoBefore = room.event({ ...join(alice), prevEvents: [room.create.eventId, '$other:a.test'] });
        expect(authorise(twoBefore, room.state).allowed).to.equal(false);
        const later = room.event({ ...join(alice), prevEvents: ['$other:a.test'] });
        expect(authorise(later, room.state).allowed).to.equal(false);
      });
    }

    it('the creator is who the content names, up to version 10', () => {
      for (const [id, named] of [
        ['10', true],
        ['11', false],
      ] as const) {
        const room = testRoom(id, { content: { creator: bob } });
        expect(authorise(room.event(join(bob)), room.state).allowed, id).to.equal(named);
        expect(authorise(room.event(join(alice)), room.state).allowed, id).to.equal(!named);
      }
    });
  });

  describe('by an authorising user', () => {
    const outcome = (
      version: string,
      rule: string,
      via: unknown,
      options: { joined?: boolean; invite?: number } = {},
    ) => {
      const room = roomWith(version, rule);
      const { joined = true, invite = 0 } = options;
      if (joined) room.member('@carol:c.test', 'join');
      const content = { invite, users: version === '12' ? {} : { [alice]: 100 } };
      room.put({ type: 'm.room.power_levels', sender: alice, stateKey: '', content });
      const extra = via === undefined ? {} : { join_authorised_via_users_server: via };
      return authorise(room.event(join(bob, bob, extra)), room.state);
    };

    it('restricted rooms admit from version 8 on, knock_restricted ones from 10', () => {
      for (const [rule, from] of [
        ['restricted', 8],
        ['knock_restricted', 10],
      ] as const) {
        for (const { id } of roomVersions) {
          const { allowed } = outcome(id, rule, '@carol:c.test');
          expect(allowed, `${rule} in version ${id}`).to.equal(Number(id) >= from);
        }
      }
    });

    const refusals: [why: string, via: unknown, options: { joined?: boolean; invite?: number }, reason: string][] = [
      ['nobody is named', undefined, {}, 'the sender is not invited, and nobody authorises the join'],
      ['they are not in the room', '@carol:c.test', { joined: false }, 'the authorising user is not in the room'],
      ['they may not invite', '@carol:c.test', { invite: 1 }, 'the authorising user may not invite'],
      ['the name is junk', 'carol', {}, 'join_authorised_via_users_server is not a user id'],
      ['the name is no string', 7, {}, 'join_authorised_via_users_server is not a user id'],
    ];
    for (const [why, via, options, reason] of refusals) {
      it(`refuse if ${why}`, () => {
        expect(outcome('10', 'restricted', via, options)).to.eql({ allowed: false, reason });
      });
    }

    it('a creator may always authorise where creators are privileged', () => {
      expect(outcome('12', 'restricted', alice, { invite: 1000 })).to.eql({ allowed: true });
      expect(outcome('11', 'restricted', alice, { invite: 1000 }).allowed).to.equal(false);
    });

    it('versions that know no restricted rooms ignore the member', () => {
      const room = roomWith('7', 'public');
      const joining = room.event(join(bob, bob, { join_authorised_via_users_server: 7 }));
      expect(authorise(joining, room.state)).to.eql({ allowed: true });
    });
  });
});
