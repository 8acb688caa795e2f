import { expect } from 'chai';
import { testEvent, testRoom } from '../../testing/events.ts';
import { roomVersion, roomVersions } from '../rooms/room-version.ts';
import { authorise } from './authorise.ts';

const alice = '@alice:a.test';

const refused = (reason: string) => ({ allowed: false, reason });

// The rules themselves: auth-rules.test.ts.
describe('authorise', () => {
  it('refuses everything where there is no create event', () => {
    for (const version of roomVersions) {
      const event = testEvent(version, { type: 'm.room.message', sender: alice });
      expect(authorise(event, () => undefined)).to.eql(refused('the room has no create event'));
    }
  });

  it('refuses the create event of another room', () => {
    for (const { id } of roomVersions) {
      const room = testRoom(id);
      const event = room.event({ type: 'm.room.message', sender: alice, roomId: '!other:a.test' });
      expect(authorise(event, room.state)).to.eql(refused('the create event is of another room'));
    }
  });

  it('refuses a room id that is not the hash of the create event', () => {
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
