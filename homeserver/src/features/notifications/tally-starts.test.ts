import { expect } from 'chai';
import type { Member } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { SyncFixture, userOf } from '../../testing/sync.ts';
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
    let statements = 0;
    test.db.rows = function (statement) {
      statements++;
      return Object.getPrototypeOf(this).rows.call(this, statement);
    };
    const found = await joinedAt(engine.events, member, 0);
    const soon = await joinedAt(engine.events, member, names[60] ?? 0);
    Reflect.deleteProperty(test.db, 'rows');
    expect(found).to.equal(came);
    expect(soon).to.equal(names[60]);
    expect(statements).to.be.within(1, 30);
  });
});
