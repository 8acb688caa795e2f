import type { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { roomVersion } from '../../core/rooms/room-version.ts';
import { carriedLevels, closedLevels, interimLevels } from './carried-levels.ts';

const version = (id: string) => roomVersion(id)!;
const ada = '@ada:a.test' as UserId;
const ben = '@ben:a.test' as UserId;

describe('power levels of a room that replaces another one', () => {
  const carry = (content: JsonObject, from: string, to: string) =>
    carriedLevels(content, { from: version(from), to: version(to), oldCreators: [ada], newCreators: [ben] });

  const cases: readonly (readonly [string, string, string, JsonObject, JsonObject])[] = [
    [
      'become whole numbers',
      '6',
      '10',
      { ban: '60', users: { [ada]: ' 7 ' }, notifications: { room: '20' } },
      { ban: 60, events: {}, users: { [ada]: 7 }, notifications: { room: 20 } },
    ],
    [
      'leave out what is none',
      '1',
      '10',
      { kick: {}, users: { [ada]: 1.5, nobody: 5, [ben]: [] }, events: 'none' },
      { events: {}, users: { [ada]: 1 } },
    ],
    [
      'do not list the new creators, and protect the tombstone',
      '11',
      '12',
      { state_default: 150, users: { [ada]: 100, [ben]: 90 }, events: { 'm.room.tombstone': 100 } },
      { state_default: 150, users: { [ada]: 100 }, events: { 'm.room.tombstone': 151 } },
    ],
    [
      'leave a tombstone level that is protection enough',
      '11',
      '12',
      { events: { 'm.room.tombstone': 60 } },
      { users: {}, events: { 'm.room.tombstone': 60 } },
    ],
    [
      'give those who stood above all numbers the highest',
      '12',
      '11',
      { users: { [ben]: 200 }, events: { x: 120 } },
      { users: { [ben]: 200, [ada]: 200 }, events: { x: 120 } },
    ],
    ['keep what we do not know', '11', '11', { other: 'x' }, { other: 'x', users: {}, events: {} }],
  ];
  for (const [what, from, to, before, after] of cases) {
    it(what, () => {
      expect(carry(before, from, to)).to.deep.equal(after);
    });
  }

  it('are, for a moment, those of somebody who can ban anybody', () => {
    const banned = new Set<string>([ada]);
    const content = { users: { [ada]: 500, [ben]: 0 }, events: { x: 700 } };
    expect(interimLevels(content, { upgrader: ben, banned })['users']).to.deep.equal({ [ben]: 700 });
  });

  it('are raised in the old room, never lowered', () => {
    const closed = (content: JsonObject) => closedLevels(content, version('11'));
    expect(closed({})).to.deep.equal({ events_default: 50, invite: 50 });
    expect(closed({ users_default: 60, invite: 75 })).to.deep.equal({
      users_default: 60,
      invite: 75,
      events_default: 61,
    });
    expect(closed({ events_default: 50, invite: 99 })).to.equal(undefined);
  });
});
