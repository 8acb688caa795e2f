import { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { IdleCaches } from '../../../platform/idle-caches.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { RoomLists, type RoomListsDeps, type Settings } from './room-lists.service.ts';

const alice = UserId.parse('@alice:a.test');
const room = RoomId.parse('!room:a.test');

describe("a user's rooms as they sort them", () => {
  it('have their tags read once, and again after that has failed', async () => {
    let answer: () => ReadonlyMap<RoomId, JsonObject> = () => {
      throw new Error('the database is away');
    };
    let asked = 0;
    const settings: Settings = {
      versionOf: () => 1,
      find: async () => undefined,
      ofRooms: async () => {
        asked++;
        return answer();
      },
    };
    const idle = new IdleCaches(new ManualClock());
    const lists = new RoomLists({ settings, idle } as unknown as RoomListsDeps);
    const tags = async () => (await lists.sortingOf(alice)).tags();
    const outcomes = await Promise.allSettled([tags(), tags()]);
    expect(outcomes.map(({ status }) => status)).to.eql(['rejected', 'rejected']);
    answer = () => new Map([[room, { tags: { 'm.favourite': {} } }]]);
    const found = await tags();
    expect([...found]).to.eql([[room, new Set(['m.favourite'])]]);
    const before = asked;
    expect(await tags()).to.equal(found);
    expect(asked).to.equal(before);
  });
});
