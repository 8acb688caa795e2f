import type { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { SyncFixture, userOf } from '../../testing/sync.ts';
import { statementsOf } from '../../testing/statements.ts';
import type { Departure } from './stays.ts';

const alice = userOf('alice');
const bob = userOf('bob');

describe('when somebody was in a room', () => {
  let fixture: SyncFixture;
  let room: RoomId;
  before(async () => {
    fixture = await SyncFixture.create();
  });
  beforeEach(async () => {
    room = await fixture.room(alice);
  });
  after(() => fixture[Symbol.asyncDispose]());

  const departureOf = async (user: UserId): Promise<Departure | undefined> => {
    const { userRooms, rooms, stays } = fixture.engine;
    const member = (await userRooms.of(user)).get((await rooms.joined(room)).nid);
    return member && stays.departureOf(member);
  };
  const putOut = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      await fixture.member(room, bob, 'ban', alice);
      await fixture.member(room, bob, 'leave', alice);
    }
  };

  for (const times of [0, 3, 4, 5, 300]) {
    it(`is found behind ${times} bans that were lifted, with few queries`, async () => {
      const join = await fixture.member(room, bob, 'join');
      const leave = await fixture.member(room, bob, 'leave');
      await fixture.redact(room, alice, join.event.eventId);
      await putOut(times);
      await fixture.restart();
      await fixture.engine.userRooms.of(bob);
      const asked = await statementsOf(fixture.test.db, async () => {
        const departure = await departureOf(bob);
        expect([departure?.join.nid, departure?.event.nid]).to.eql([join.nid, leave.nid]);
      });
      expect(asked).to.have.length.within(1, 20);
    });
  }

  it('is nothing for who never was', async () => {
    await putOut(6);
    expect(await departureOf(bob)).to.equal(undefined);
  });
});
