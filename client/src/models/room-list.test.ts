import { expect } from 'chai';
import { createValue } from '../reactive/value.ts';
import type { RoomSummary } from '../sdk/room-summary.ts';
import { at, room } from '../testing/samples.ts';
import { arrange, roomListModel } from './room-list.ts';

const ids = (rooms: readonly RoomSummary[]) => rooms.map(({ id }) => id);

describe('the list of rooms', () => {
  it('has the busiest first, and the equally old by name', () => {
    const rooms = [room('b', { activeAt: at(1) }), room('c', { activeAt: at(2) }), room('a', { activeAt: at(1) })];
    expect(ids(arrange(rooms, '').rooms)).to.deep.equal(['c', 'a', 'b']);
  });

  it('keeps invitations apart and leaves out what was left', () => {
    const sections = arrange(
      [room('in'), room('asked', { membership: 'invite' }), room('old', { membership: 'leave' })],
      '',
    );
    expect(ids(sections.invitations)).to.deep.equal(['asked']);
    expect(ids(sections.rooms)).to.deep.equal(['in']);
  });

  it('searches names and addresses without regard to case', () => {
    const list = roomListModel(
      createValue([room('a', { name: 'Tea' }), room('b', { alias: '#TEAPOT:a.org' }), room('c')]),
    );
    list.search(' tea');
    expect(ids(list.sections.get().rooms)).to.have.members(['a', 'b']);
    list.search('nothing');
    expect(list.sections.get()).to.deep.include({ rooms: [], isEmpty: false });
  });

  it('counts what waits for the reader', () => {
    const rooms = [room('a', { isUnread: true }), room('b'), room('c', { membership: 'invite' })];
    expect(roomListModel(createValue(rooms)).unread.get()).to.equal(2);
  });
});
