import { expect } from 'chai';
import { testRoom } from '../../testing/events.ts';
import { roomVersions } from '../rooms/room-version.ts';
import { checkAuthEvents, stateOf } from './auth-events.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';

const setting = (version: string) => {
  const room = testRoom(version);
  const member = room.member(alice, 'join');
  const rules = room.put({ type: 'm.room.join_rules', sender: alice, stateKey: '' });
  return { room, create: room.create, member, rules };
};

// The rules about them: auth-rules.test.ts.
describe('checkAuthEvents', () => {
  it('leaves the create event itself alone', () => {
    for (const { id } of roomVersions) expect(checkAuthEvents(setting(id).create, [])).to.eql({ allowed: true });
  });

  it('takes the target, the join rules and the token of a third party invite', () => {
    const { room, create, member, rules } = setting('11');
    const token = room.put({ type: 'm.room.third_party_invite', sender: alice, stateKey: 'abc' });
    const content = { membership: 'invite', third_party_invite: { signed: { token: 'abc' } } };
    const event = room.event({ type: 'm.room.member', sender: alice, stateKey: bob, content });
    const entries = [create, member, rules, token].map((entry) => ({ event: entry, rejected: false }));
    expect(checkAuthEvents(event, entries)).to.eql({ allowed: true });
  });
});

describe('stateOf', () => {
  it('finds state by type and key, and nothing that is not state', () => {
    const { room, create, member } = setting('12');
    const state = stateOf([create, member, room.event({ type: 'm.room.topic', sender: alice })]);
    expect(state('m.room.create', '')).to.equal(create);
    expect(state('m.room.member', alice)).to.equal(member);
    expect(state('m.room.topic', '')).to.equal(undefined);
  });
});
