import { readFileSync } from 'node:fs';
import { isObject } from '@holm/spec/json';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { testEvent } from '../../testing/events.ts';
import { stateOf } from '../auth/auth-events.ts';
import { authorise } from '../auth/authorise.ts';
import type { Event } from '../events/event.ts';
import { roomVersion } from '../rooms/room-version.ts';
import type { StateKeyString } from './state-key.ts';
import { stateKey } from './state-key.ts';
import { resolveStates } from './testing/state-sets.ts';

const folder = new URL('../../../../spec/vectors/state-resolution/', import.meta.url);

/** A batch of the recorded PDUs. They have no hashes, and their ids are names. */
const batch = (name: string): Event[] => {
  const pdus = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as JsonObject[];
  return pdus.map((pdu) =>
    testEvent(roomVersion('10')!, {
      eventId: pdu['event_id'] as string,
      roomId: pdu['room_id'] as string,
      type: pdu['type'] as string,
      stateKey: pdu['state_key'] as string,
      sender: pdu['sender'] as string,
      content: isObject(pdu['content']) ? pdu['content'] : {},
      sentAt: pdu['origin_server_ts'] as number,
      prevEvents: pdu['prev_events'] as string[],
      authEvents: pdu['auth_events'] as string[],
    }),
  );
};

const stateAfter = (events: readonly Event[]) =>
  new Map(events.map((event) => [stateKey(event.type, event.stateKey!), event.eventId]));

/** What each of several branches adds to a common past, and what the room is after they have met. */
const cases = [
  {
    name: 'a ban beats a change of power levels by the banned',
    common: ['bootstrap-public-chat'],
    branches: [['ban-vs-power-levels-alice'], ['ban-vs-power-levels-bob']],
    expected: {
      'm.room.member @bob:example.com': '$00-m-room-member-ban-bob',
      'm.room.power_levels ': '$01-m-room-power_levels',
    },
  },
  {
    name: 'a ban beats a topic by the banned',
    common: ['bootstrap-public-chat', 'topic-vs-ban-common'],
    branches: [['topic-vs-ban-alice'], ['topic-vs-ban-bob']],
    expected: { 'm.room.member @bob:example.com': '$00-m-room-member-ban-bob', 'm.room.topic ': '$00-m-room-topic' },
  },
  {
    name: 'two join at once',
    common: ['bootstrap-public-chat'],
    branches: [['concurrent-joins-charlie'], ['concurrent-joins-ella']],
    expected: {
      'm.room.member @charlie:example.com': '$00-m-room-member-join-charlie',
      'm.room.member @ella:example.com': '$00-m-room-member-join-ella',
    },
  },
  {
    name: 'two strangers join a private room at once, and neither is let in',
    common: ['bootstrap-private-chat'],
    branches: [['concurrent-joins-charlie'], ['concurrent-joins-ella']],
    expected: {},
  },
];

describe('recorded state resolutions', () => {
  for (const files of [['bootstrap-private-chat'], ['bootstrap-public-chat', 'topic-vs-ban-common']]) {
    it(`begin with events that are allowed: ${files.join(', ')}`, () => {
      const known = new Map<string, Event>();
      for (const event of files.flatMap(batch)) {
        const authEvents = event.authEvents.map((id) => known.get(id)!);
        expect(authorise(event, stateOf(authEvents)), event.eventId).to.eql({ allowed: true });
        expect(authorise(event, stateOf(known.values())), event.eventId).to.eql({ allowed: true });
        known.set(event.eventId, event);
      }
    });
  }

  for (const { name, common, branches, expected } of cases) {
    it(name, () => {
      const past = common.flatMap(batch);
      const forks = branches.map((files) => files.flatMap(batch));
      const events = new Map([...past, ...forks.flat()].map((event) => [event.eventId, event]));
      const before = stateAfter(past);
      const sets = forks.map((fork) => new Map([...before, ...stateAfter(fork)]));
      for (const order of [sets, sets.toReversed()]) {
        const resolved = resolveStates(roomVersion('10')!, order, events);
        const after = new Map<StateKeyString, string>(before);
        for (const [key, id] of Object.entries(expected))
          after.set(stateKey(...(key.split(' ') as [string, string])), id);
        expect(Object.fromEntries(resolved)).to.eql(Object.fromEntries(after));
      }
    });
  }
});
