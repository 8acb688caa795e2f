import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { silentLog } from '../../platform/log.ts';
import { createTestRooms, type TestRooms, user } from '../../testing/room-features.ts';
import { RoomUpgrades } from './room-upgrades.service.ts';
import { upgradesStore as store } from './upgrades.store.ts';

const alice = user('alice');

describe('upgrades that a crash has left undone', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  it('are finished, but for those that cannot be', async () => {
    const rooms: RoomId[] = [];
    for (let i = 0; i < 6; i++) rooms.push(await test.room(alice));
    const [first, second, third, ...replacements] = rooms as [RoomId, RoomId, RoomId, ...RoomId[]];
    const olds = [first, second, third];
    const upgrades = new RoomUpgrades({
      ...test,
      log: silentLog,
      profiles: { memberProfile: async () => ({}) },
      aliases: {
        of: async () => [],
        async moveAll(from) {
          if (from === second) throw new Error('the database was away');
        },
      },
      settings: { carry: async () => undefined },
      directory: { replace: async () => undefined },
    });
    for (const [i, oldRoom] of olds.entries()) {
      await store.put(test.db, { oldRoom, newRoom: replacements[i] as RoomId, upgrader: alice, version: '12' });
    }
    await upgrades.resume();
    expect((await store.unfinished(test.db)).map(({ oldRoom }) => oldRoom)).to.eql([second]);
  });
});
