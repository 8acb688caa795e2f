import { expect } from 'chai';
import { OutsideMemberships } from '../../rooms/members/outside.ts';
import { testRoom } from '../../testing/events.ts';
import { SyncFixture, userOf } from '../../testing/sync.ts';

const bob = userOf('bob');
const zoe = userOf('zoe', 'b.test');

describe('rooms that this server is not in', () => {
  let fixture: SyncFixture;
  let outside: OutsideMemberships;
  before(async () => {
    fixture = await SyncFixture.create();
    const { db } = fixture.test;
    const { rooms, nids, committer, userRooms } = fixture.engine;
    outside = new OutsideMemberships({ db, rooms, nids, committer, userRooms });
  });
  after(() => fixture[Symbol.asyncDispose]());

  const stripped = [
    { type: 'm.room.name', state_key: '', sender: zoe, content: { name: 'Far away' } },
    { type: 'm.room.member', state_key: bob, sender: zoe, content: { membership: 'invite' } },
  ];

  for (const [membership, sender, section] of [
    ['invite', zoe, 'invite'],
    ['knock', bob, 'knock'],
  ] as const) {
    it(`show what was told with the ${membership}, wake their user, and end`, async () => {
      const room = testRoom('11', { creator: zoe });
      const event = { ...room.member(bob, membership, sender), roomId: `!${membership}:b.test` as never };
      const asked = { ...event, eventId: `$${membership}` as never };
      const since = (await fixture.ask(bob)).next_batch;
      const waiting = fixture.ask(bob, { since, timeoutMs: 30_000 });
      await outside.put(bob, asked, { stripped, via: [] });
      const told = await waiting;
      const state = told.rooms?.[section]?.[asked.roomId];
      const events = (membership === 'invite' ? state?.invite_state : state?.knock_state)?.events ?? [];
      expect(events.map(({ type }) => type)).to.eql(['m.room.name', 'm.room.member']);
      expect(events.at(-1)).to.include({ sender, state_key: bob });
      expect((await fixture.ask(bob)).rooms?.[section]).to.have.property(asked.roomId);

      const leave = {
        ...room.member(bob, 'leave', zoe),
        roomId: asked.roomId,
        eventId: `$end of ${membership}` as never,
      };
      await outside.put(bob, leave);
      const ended = await fixture.ask(bob, { since: told.next_batch });
      expect(ended.rooms?.leave?.[asked.roomId]?.timeline.events.map(({ type }) => type)).to.eql(['m.room.member']);
      expect(ended.rooms).to.not.have.property(section);
      expect((await fixture.ask(bob)).rooms?.[section] ?? {}).to.not.have.property(asked.roomId);
    });
  }
});
