import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { roomVersion, roomVersions } from '../rooms/room-version.ts';
import { authStateKeys, stateToAuthorise } from './selection.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';
const carol = '@carol:c.test';

const CREATE = 'm.room.create/';
const POWER = 'm.room.power_levels/';
const RULES = 'm.room.join_rules/';
const member = (user: string) => `m.room.member/${user}`;

const select = (version: string, type: string, stateKey: string | undefined, content: JsonObject) =>
  authStateKeys(roomVersion(version)!, { type, sender: alice, stateKey, content }).map((pair) => pair.join('/'));

describe('authStateKeys', () => {
  const invite = { membership: 'invite', third_party_invite: { signed: { token: 'abc' } } };
  const via = { membership: 'join', join_authorised_via_users_server: carol };
  const cases: [what: string, stateKey: string | undefined, content: JsonObject, from1: string[], from8?: string[]][] =
    [
      ['a join', alice, { membership: 'join' }, [member(alice), RULES]],
      ['an invite', bob, { membership: 'invite' }, [member(alice), member(bob), RULES]],
      ['a knock', alice, { membership: 'knock' }, [member(alice), RULES]],
      ['a leave', alice, { membership: 'leave' }, [member(alice)]],
      ['a kick', bob, { membership: 'leave' }, [member(alice), member(bob)]],
      ['a ban', bob, { membership: 'ban' }, [member(alice), member(bob)]],
      ['a third party invite', bob, invite, [member(alice), member(bob), RULES, 'm.room.third_party_invite/abc']],
      ['a leave with a token', alice, { ...invite, membership: 'leave' }, [member(alice)]],
      [
        'an invite with junk',
        bob,
        { ...invite, third_party_invite: { signed: 'abc' } },
        [member(alice), member(bob), RULES],
      ],
      ['an authorised join', alice, via, [member(alice), RULES], [member(alice), RULES, member(carol)]],
      ['one authorised by oneself', alice, { ...via, join_authorised_via_users_server: alice }, [member(alice), RULES]],
      ['one authorised by junk', alice, { ...via, join_authorised_via_users_server: 7 }, [member(alice), RULES]],
      ['junk', undefined, { membership: ['join'] }, [member(alice)]],
    ];
  for (const [what, stateKey, content, from1, from8 = from1] of cases) {
    it(`selects for ${what}`, () => {
      for (const { id } of roomVersions) {
        const expected = [...(id === '12' ? [] : [CREATE]), POWER, ...(Number(id) >= 8 ? from8 : from1)];
        expect(select(id, 'm.room.member', stateKey, content), `version ${id}`).to.have.members(expected);
      }
    });
  }

  it('selects the least for other events', () => {
    expect(select('11', 'm.room.message', undefined, { membership: 'join' })).to.eql([CREATE, POWER, member(alice)]);
    expect(select('12', 'm.room.topic', '', {})).to.eql([POWER, member(alice)]);
  });

  it('selects nothing for the create event', () => {
    expect(select('1', 'm.room.create', '', {})).to.eql([]);
    expect(
      stateToAuthorise(roomVersion('12')!, { type: 'm.room.create', sender: alice, stateKey: '', content: {} }),
    ).to.eql([]);
  });
});

describe('stateToAuthorise', () => {
  it('has the create event in every version, and never the same key twice', () => {
    for (const version of roomVersions) {
      const content = { membership: 'join', join_authorised_via_users_server: alice };
      const keys = stateToAuthorise(version, { type: 'm.room.member', sender: alice, stateKey: alice, content });
      const names = keys.map((pair) => pair.join('/'));
      expect(names).to.have.members([CREATE, POWER, member(alice), RULES]);
    }
  });
});
