import { expect } from 'chai';
import { testEvent, testRoom } from '../../testing/events.ts';
import type { Event } from '../events/event.ts';
import { roomVersions } from '../rooms/room-version.ts';
import { checkAuthEvents, stateOf } from './auth-events.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';

const setting = (version: string) => {
  const room = testRoom(version);
  const member = room.member(alice, 'join');
  const powerLevels = room.put({ type: 'm.room.power_levels', sender: alice, stateKey: '' });
  const rules = room.put({ type: 'm.room.join_rules', sender: alice, stateKey: '' });
  return { room, create: room.create, member, powerLevels, rules };
};

/** A message that names these events as its authority. */
const check = (room: ReturnType<typeof setting>, entries: readonly Event[], rejected?: Event) => {
  const authEvents = entries.map(({ eventId }) => eventId);
  const listed = room.room.version.auth.createInAuthEvents
    ? authEvents
    : authEvents.filter((id) => id !== room.create.eventId);
  const event = room.room.event({ type: 'm.room.message', sender: alice, authEvents, pdu: { auth_events: listed } });
  return checkAuthEvents(
    event,
    entries.map((entry) => ({ event: entry, rejected: entry === rejected })),
  );
};

const refused = (reason: string) => ({ allowed: false, reason });

describe('checkAuthEvents', () => {
  for (const { id } of roomVersions) {
    describe(`in version ${id}`, () => {
      const set = setting(id);
      const { room, create, member, powerLevels, rules } = set;

      it('allows what the selection asks for, in any order', () => {
        expect(check(set, [create, powerLevels, member])).to.eql({ allowed: true });
        expect(check(set, [member, create])).to.eql({ allowed: true });
      });

      it('refuses what it does not ask for', () => {
        expect(check(set, [create, member, rules])).to.eql(
          refused('auth_events has m.room.join_rules, which does not belong'),
        );
        const message = room.event({ type: 'm.room.message', sender: alice });
        expect(check(set, [create, message])).to.eql(refused('auth_events has m.room.message, which does not belong'));
      });

      it('refuses two for one key', () => {
        const other = room.event({ type: 'm.room.member', sender: alice, stateKey: alice, eventId: '$other:a.test' });
        expect(check(set, [create, member, other])).to.eql(
          refused('auth_events has m.room.member twice for one state key'),
        );
      });

      it('refuses one event twice', () => {
        expect(check(set, [create, member, member])).to.eql(refused('auth_events names an event twice'));
      });

      it('refuses rejected ones, the create event among them', () => {
        expect(check(set, [create, member], member)).to.eql(refused('an auth event was rejected'));
        expect(check(set, [create, member], create)).to.eql(refused('an auth event was rejected'));
      });

      it('refuses if there is no create event', () => {
        expect(check(set, [powerLevels, member])).to.eql(refused('there is no create event among the auth events'));
        expect(check(set, [member])).to.eql(refused('there is no create event among the auth events'));
      });

      it('refuses events of another room', () => {
        const foreign = room.event({ type: 'm.room.member', sender: alice, stateKey: alice, roomId: '!other:a.test' });
        expect(check(set, [create, foreign])).to.eql(refused('auth_events has an event of another room'));
      });

      it('leaves the create event itself alone', () => {
        expect(checkAuthEvents(create, [])).to.eql({ allowed: true });
      });
    });
  }

  it('refuses a create event that is listed though the room id implies it', () => {
    const { room, create, member } = setting('12');
    const authEvents = [create.eventId, member.eventId];
    const event = room.event({ type: 'm.room.message', sender: alice, authEvents, pdu: { auth_events: authEvents } });
    const entries = [create, member].map((entry) => ({ event: entry, rejected: false }));
    expect(checkAuthEvents(event, entries)).to.eql(
      refused('auth_events lists the create event, which the room id implies'),
    );
  });

  it('refuses a create event that did not name the room', () => {
    const { room } = setting('12');
    const fields = { type: 'm.room.create', sender: alice, stateKey: '', eventId: '$other', roomId: room.roomId };
    const create = testEvent(room.version, fields);
    const event = room.event({ type: 'm.room.message', sender: alice, authEvents: ['$other'] });
    expect(checkAuthEvents(event, [{ event: create, rejected: false }])).to.eql(
      refused('the room id is not that of the create event'),
    );
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
