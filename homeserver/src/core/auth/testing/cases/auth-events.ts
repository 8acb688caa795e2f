import { testEvent } from '../../../../testing/events.ts';
import type { Event } from '../../../events/event.ts';
import type { Verdict } from '../../../verdict.ts';
import { alice, type CaseRoom } from '../case-room.ts';
import { allow, refuse, type RuleCase } from '../rule-case.ts';

interface State {
  readonly create: Event;
  readonly member: Event;
  readonly levels: Event;
  readonly rules: Event;
}

const citing =
  (choose: (state: State, room: CaseRoom) => readonly Event[], rejected?: keyof State) =>
  (room: CaseRoom): Verdict => {
    const member = room.member(alice, 'join');
    const state = { create: room.create, member, levels: room.levels({}), rules: room.joinRule('public') };
    return room.judgeCiting(choose(state, room), rejected && state[rejected]);
  };

const selected = citing(({ create, levels, member }) => [create, levels, member]);
const another = (room: CaseRoom) =>
  room.event({ type: 'm.room.member', sender: alice, stateKey: alice, eventId: '$other:a.test' });
const elsewhere = (room: CaseRoom) =>
  room.event({ type: 'm.room.member', sender: alice, stateKey: alice, roomId: '!other:a.test' });

export const authEventCases: readonly RuleCase[] = [
  allow('room id: an accepted create event', 'the one that names the room', selected),
  refuse('room id: an accepted create event', 'another', (room) => {
    const fields = { type: 'm.room.create', sender: alice, stateKey: '', eventId: '$other', roomId: room.create.roomId };
    return room.judgeCiting([testEvent(room.create.version, fields)]);
  }),
  refuse('room id: an accepted create event', 'one that was rejected', citing(({ create, member }) => [create, member], 'create'),
    { reason: 'an auth event was rejected' }),
  refuse('room id: an accepted create event', 'none', citing(({ member }) => [member]),
    { reason: 'there is no create event among the auth events' }),

  allow('auth events: no duplicates', 'one each', citing(({ create, member }) => [member, create])),
  refuse('auth events: no duplicates', 'two for one key', citing(({ create, member }, room) => [create, member, another(room)])),
  refuse('auth events: no duplicates', 'one twice', citing(({ create, member }) => [create, member, member]),
    { reason: 'auth_events names an event twice' }),

  allow('auth events: selection', 'what the selection asks for', selected),
  refuse('auth events: selection', 'join rules, for a message', citing(({ create, member, rules }) => [create, member, rules])),
  refuse('auth events: selection', 'a message',
    citing(({ create }, room) => [create, room.event({ type: 'm.room.message', sender: alice })]),
    { reason: 'auth_events has m.room.message, which does not belong' }),
  refuse('auth events: selection', 'the create event that the room id implies',
    (room) => room.judgeListing([room.create, room.member(alice, 'join')]),
    { from: 12, reason: 'auth_events lists the create event, which the room id implies' }),

  allow('auth events: not rejected', 'accepted ones', selected),
  refuse('auth events: not rejected', 'a rejected one', citing(({ create, member }) => [create, member], 'member')),

  allow('auth events: the create event', 'with it', selected),
  refuse('auth events: the create event', 'without it', citing(({ levels, member }) => [levels, member])),

  allow('auth events: of this room', 'of this room', selected),
  refuse('auth events: of this room', 'of another', citing(({ create }, room) => [create, elsewhere(room)])),
]; // prettier-ignore
