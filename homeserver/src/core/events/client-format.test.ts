import { expect } from 'chai';
import { testEvent } from '../../testing/events.ts';
import { roomVersion } from '../rooms/room-version.ts';
import { clientEventText, strippedState, toClientEvent } from './client-format.ts';

const version = roomVersion('12')!;
const message = testEvent(version, {
  type: 'm.room.message',
  sender: '@alice:a.test',
  content: { body: 'x' },
  roomId: '!hash',
  sentAt: 5,
});

describe('events for clients', () => {
  it('have the room and the id, and nothing that only servers need', () => {
    expect(toClientEvent(message)).to.deep.equal({
      content: { body: 'x' },
      event_id: '$event:a.test',
      origin_server_ts: 5,
      room_id: '!hash',
      sender: '@alice:a.test',
      type: 'm.room.message',
    });
  });

  it('go without the room in a sync, and carry what is said beside them', () => {
    const format = { withoutRoomId: true, unsigned: { age: 1 } };
    expect(JSON.parse(clientEventText(message, format))).to.deep.equal({
      content: { body: 'x' },
      event_id: '$event:a.test',
      origin_server_ts: 5,
      sender: '@alice:a.test',
      type: 'm.room.message',
      unsigned: { age: 1 },
    });
  });

  it('name the target of a redaction in both places', () => {
    const fields = { type: 'm.room.redaction', sender: '@alice:a.test', redacts: '$bad', content: { reason: 'x' } };
    for (const id of ['10', '11']) {
      const shown = toClientEvent(testEvent(roomVersion(id)!, fields));
      expect(shown['redacts']).to.equal('$bad');
      expect(shown['content']).to.deep.equal({ reason: 'x', redacts: '$bad' });
    }
  });

  it('are stripped to four members for those outside', () => {
    const name = testEvent(version, { type: 'm.room.name', stateKey: '', sender: '@a:b', content: { name: 'x' } });
    expect(strippedState(name)).to.deep.equal({
      content: { name: 'x' },
      sender: '@a:b',
      state_key: '',
      type: 'm.room.name',
    });
    expect(toClientEvent(name)).to.include({ state_key: '' });
  });
});
