import { type Json, type JsonObject } from '@holm/spec/json';
import { type EventFields, testEvent } from '../../../../testing/events.ts';
import type { Verdict } from '../../../verdict.ts';
import { authorise } from '../../authorise.ts';
import { alice, bob, type CaseRoom, carol } from '../case-room.ts';
import { allow, refuse, type RuleCase } from '../rule-case.ts';

/** A create event of alice's, which there is no room before. */
const judge =
  (content: JsonObject, more: Partial<EventFields> = {}) =>
  ({ create }: CaseRoom): Verdict =>
    authorise(
      testEvent(create.version, { type: 'm.room.create', stateKey: '', sender: alice, content, ...more }),
      () => undefined,
    );

const creator = { creator: alice };
const versioned = (room: CaseRoom) => judge({ ...creator, room_version: room.create.version.id })(room);
const additional = (additional_creators: Json) => judge({ additional_creators });

export const createCases: readonly RuleCase[] = [
  allow('create: no previous events', 'a first event', versioned),
  refuse('create: no previous events', 'one that follows another', judge(creator, { prevEvents: ['$before:a.test'] })),

  allow('create: domain of the room id', 'that of the sender', judge(creator, { roomId: '!room:a.test' })),
  ...['!room:b.test', '!room', '!a.test', '!room:a.test:8448'].map((roomId) =>
    refuse('create: domain of the room id', roomId, judge(creator, { roomId })),
  ),
  allow('create: no room id', 'none', judge({}, { roomId: '!anything' })),
  refuse('create: no room id', 'one', judge({}, { pdu: { room_id: '!room:a.test' } })),

  allow('create: known version', 'its own', versioned),
  allow('create: known version', 'none', judge(creator)),
  ...['13', '', 1, null, '__proto__'].map((room_version) =>
    refuse('create: known version', JSON.stringify(room_version), judge({ ...creator, room_version })),
  ),

  allow('create: creator', 'somebody', judge({ creator: '@somebody:else.test' })),
  refuse('create: creator', 'nobody', judge({})),
  allow('create: additional creators', 'none', judge({})),
  allow('create: additional creators', 'an empty list', additional([])),
  allow('create: additional creators', 'two', additional([bob, carol])),
  ...[bob, null, [bob, 7], ['bob'], [`@${'b'.repeat(255)}:b.test`]].map((list) =>
    refuse('create: additional creators', JSON.stringify(list).slice(0, 40), additional(list)),
  ),

  allow('create: otherwise allow', 'nothing but what is needed', judge(creator)),
  allow('create: otherwise allow', 'no creator', judge({}), { from: 11 }),
  allow('create: otherwise allow', 'junk for additional creators', judge({ ...creator, additional_creators: 'junk' }), { to: 11 }),
  refuse('create: otherwise allow', 'a version that is no text', judge({ ...creator, room_version: ['1'] })),
]; // prettier-ignore
