import { expect } from 'chai';
import { type EventFields, testEvent, testRoom } from '../../testing/events.ts';
import { roomVersion, roomVersions } from '../rooms/room-version.ts';
import { authorise } from './authorise.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';

const refused = (reason: string) => ({ allowed: false, reason });

const populated = (version: string, levels: Record<string, number> = {}, content = {}) => {
  const room = testRoom(version, { content });
  room.member(alice, 'join');
  room.put({ type: 'm.room.power_levels', sender: alice, stateKey: '', content: { events: levels } });
  room.member(bob, 'join', alice);
  return room;
};

describe('the rules for everything else', () => {
  const cases: [what: string, fields: EventFields, levels: Record<string, number>, reason?: string][] = [
    ['a message', { type: 'm.room.message', sender: bob }, {}],
    ['a message of a stranger', { type: 'm.room.message', sender: '@eve:e.test' }, {}, 'the sender is not in the room'],
    ['a message at its level', { type: 'm.room.message', sender: bob }, { 'm.room.message': 0 }],
    [
      'a message below its level',
      { type: 'm.room.message', sender: bob },
      { 'm.room.message': 1 },
      "the sender's power level is below that of m.room.message",
    ],
    [
      'state below the default',
      { type: 'm.room.topic', sender: bob, stateKey: '' },
      {},
      "the sender's power level is below that of m.room.topic",
    ],
    ['state at its level', { type: 'm.room.topic', sender: bob, stateKey: '' }, { 'm.room.topic': 0 }],
    ['own state', { type: 'a.status', sender: bob, stateKey: bob }, { 'a.status': 0 }],
    [
      'state of another user',
      { type: 'a.status', sender: bob, stateKey: alice },
      { 'a.status': 0 },
      'the state key is another user',
    ],
    ['state beside a user', { type: 'a.call', sender: bob, stateKey: `_${alice}` }, { 'a.call': 0 }],
    ['a third party invite', { type: 'm.room.third_party_invite', sender: bob, stateKey: 'token' }, {}],
    [
      'a third party invite whatever its own level',
      { type: 'm.room.third_party_invite', sender: bob, stateKey: 'token' },
      { 'm.room.third_party_invite': 100 },
    ],
  ];
  for (const [what, fields, levels, reason] of cases) {
    it(`${reason === undefined ? 'allow' : 'refuse'} ${what}`, () => {
      for (const { id } of roomVersions) {
        const room = populated(id, levels);
        const expected = reason === undefined ? { allowed: true } : refused(reason);
        expect(authorise(room.event(fields), room.state), `version ${id}`).to.eql(expected);
      }
    });
  }

  it('refuse a third party invite below the invite level', () => {
    for (const { id } of roomVersions) {
      const room = populated(id);
      room.put({ type: 'm.room.power_levels', sender: alice, stateKey: '', content: { invite: 1 } });
      const event = room.event({ type: 'm.room.third_party_invite', sender: bob, stateKey: 'token' });
      expect(authorise(event, room.state)).to.eql(refused("the sender's power level is below the invite level"));
    }
  });

  for (const membership of ['invite', 'leave', 'ban', 'knock']) {
    it(`refuse a message of somebody whose membership is ${membership}`, () => {
      const room = populated('12');
      room.member(bob, membership, alice);
      const verdict = authorise(room.event({ type: 'm.room.message', sender: bob }), room.state);
      expect(verdict).to.eql(refused('the sender is not in the room'));
    });
  }

  it('know aliases apart up to version 5', () => {
    const verdict = (id: string, stateKey: string | undefined) => {
      const room = testRoom(id);
      room.member(alice, 'join');
      const sender = '@stranger:c.test';
      return authorise(
        room.event({ type: 'm.room.aliases', sender, ...(stateKey === undefined ? {} : { stateKey }) }),
        room.state,
      );
    };
    for (const { id } of roomVersions) {
      const special = Number(id) <= 5;
      const stranger = refused('the sender is not in the room');
      expect(verdict(id, 'c.test'), id).to.eql(special ? { allowed: true } : stranger);
      expect(verdict(id, 'a.test'), id).to.eql(
        special ? refused("the aliases are not of the sender's server") : stranger,
      );
      expect(verdict(id, undefined), id).to.eql(special ? refused('aliases have no state key') : stranger);
    }
  });

  it('refuse other servers where the room does not federate', () => {
    for (const { id } of roomVersions) {
      const verdict = (sender: string, federate: unknown) => {
        const room = populated(id, {}, { 'm.federate': federate });
        room.member(sender, 'join');
        return authorise(room.event({ type: 'm.room.message', sender }), room.state);
      };
      expect(verdict(bob, false), id).to.eql(refused('the room does not federate'));
      expect(verdict('@bob:a.test', false), id).to.eql({ allowed: true });
      for (const federate of [true, null, 'false', 0]) expect(verdict(bob, federate), id).to.eql({ allowed: true });
    }
  });

  it('refuse everything where there is no create event', () => {
    for (const version of roomVersions) {
      const event = testEvent(version, { type: 'm.room.message', sender: alice });
      expect(authorise(event, () => undefined)).to.eql(refused('the room has no create event'));
    }
  });

  it('refuse the create event of another room', () => {
    for (const { id } of roomVersions) {
      const room = populated(id);
      const event = room.event({ type: 'm.room.message', sender: bob, roomId: '!other:a.test' });
      expect(authorise(event, room.state)).to.eql(refused('the create event is of another room'));
    }
  });

  it('refuse a room id that is not the hash of the create event', () => {
    const version = roomVersion('12')!;
    const create = testEvent(version, {
      type: 'm.room.create',
      sender: alice,
      stateKey: '',
      eventId: '$a',
      roomId: '!b',
    });
    const event = testEvent(version, { type: 'm.room.message', sender: alice, roomId: '!b' });
    const state = (type: string) => (type === 'm.room.create' ? create : undefined);
    expect(authorise(event, state)).to.eql(refused('the room id is not that of the create event'));
  });
});
