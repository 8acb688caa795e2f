import { expect } from 'chai';
import type { Member } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { SyncFixture, userOf } from '../../testing/sync.ts';
import { statementsOf } from '../../testing/statements.ts';
import { joinedAt } from './tally-starts.service.ts';

const [alice, bob] = [userOf('alice'), userOf('bob')];

describe('when somebody came into a room', () => {
  let fixture: SyncFixture;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());

  it('is found in a few steps, however often they have changed their name since', async () => {
    const roomId = await fixture.room(alice);
    await fixture.member(roomId, bob, 'join');
    await fixture.member(roomId, bob, 'leave');
    const { ord: came = 0 } = await fixture.member(roomId, bob, 'join');
    const names: number[] = [];
    for (let i = 0; i < 100; i++) names.push((await fixture.rename(roomId, bob, `${i}`)).ord ?? 0);
    await fixture.restart();
    const { engine, test } = fixture;
    const room = (await engine.rooms.byId(roomId)) as Room;
    const member = (await engine.userRooms.of(bob)).get(room.nid) as Member;
    const statements = await statementsOf(test.db, async () => {
      expect(await joinedAt(engine.events, member, 0)).to.equal(came);
      expect(await joinedAt(engine.events, member, names[60] ?? 0)).to.equal(names[60]);
    });
    expect(statements).to.have.length.within(1, 30);
  });
});
