import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { type EventFields, testEvent } from '../../../testing/events.ts';
import { roomVersion, roomVersions } from '../../rooms/room-version.ts';
import { authorise } from '../authorise.ts';

const nothing = () => undefined;

const verdict = (version: string, content: JsonObject, more: Partial<EventFields> = {}) =>
  authorise(
    testEvent(roomVersion(version)!, {
      type: 'm.room.create',
      stateKey: '',
      sender: '@alice:a.test',
      content,
      ...more,
    }),
    nothing,
  );

describe('the rules for m.room.create', () => {
  for (const { id } of roomVersions) {
    it(`allow the create event of a version ${id} room`, () => {
      expect(verdict(id, { room_version: id, creator: '@alice:a.test' })).to.eql({ allowed: true });
    });
    it(`refuse previous events in version ${id}`, () => {
      const refused = verdict(id, { creator: '@alice:a.test' }, { prevEvents: ['$before:a.test'] });
      expect(refused).to.eql({ allowed: false, reason: 'a create event has no previous events' });
    });
    it(`refuse a room version that nobody knows in version ${id}`, () => {
      for (const room_version of ['13', '', 1, null, '__proto__']) {
        const refused = verdict(id, { room_version, creator: '@alice:a.test' });
        expect(refused).to.eql({ allowed: false, reason: 'the room version is not known' });
      }
    });
  }

  const roomIds: [version: string, roomId: string, allowed: boolean][] = [
    ['1', '!room:a.test', true],
    ['1', '!room:b.test', false],
    ['1', '!room', false],
    ['11', '!room:a.test', true],
    ['11', '!room:a.test:8448', false],
    ['11', '!a.test', false],
    ['12', '!anything', true],
  ];
  for (const [version, roomId, allowed] of roomIds) {
    it(`${allowed ? 'allow' : 'refuse'} the room id ${roomId} in version ${version}`, () => {
      expect(verdict(version, { creator: '@alice:a.test' }, { roomId }).allowed).to.equal(allowed);
    });
  }

  it('refuse a room_id where the event gives the room its id', () => {
    expect(verdict('12', {}, { pdu: { room_id: '!room:a.test' } })).to.eql({
      allowed: false,
      reason: 'a create event that gives the room its id has no room_id',
    });
  });

  const contents: [version: string, content: JsonObject, allowed: boolean][] = [
    ['1', {}, false],
    ['10', {}, false],
    ['10', { creator: '@somebody:else.test' }, true],
    ['11', {}, true],
    ['11', { additional_creators: 'junk' }, true],
    ['12', { additional_creators: [] }, true],
    ['12', { additional_creators: ['@bob:b.test', '@carol:c.test'] }, true],
    ['12', { additional_creators: '@bob:b.test' }, false],
    ['12', { additional_creators: null }, false],
    ['12', { additional_creators: ['@bob:b.test', 7] }, false],
    ['12', { additional_creators: ['bob'] }, false],
    ['12', { additional_creators: [`@${'b'.repeat(255)}:b.test`] }, false],
  ];
  for (const [version, content, allowed] of contents) {
    it(`${allowed ? 'allow' : 'refuse'} ${JSON.stringify(content).slice(0, 60)} in version ${version}`, () => {
      expect(verdict(version, content).allowed).to.equal(allowed);
    });
  }
});
