import { expect } from 'chai';
import { SyncFixture, userOf } from '../../testing/sync.ts';

const MINUTE = 60_000;
const [alice, bob] = [userOf('alice'), userOf('bob')];

describe("users' rooms in memory", () => {
  let fixture: SyncFixture;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());

  it('are let go when their user has gone, whatever happens in them', async () => {
    const { clock, idle } = fixture.test;
    const { userRooms } = fixture.engine;
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    await userRooms.of(bob);
    for (const name of ['Bob', 'Robert']) {
      clock.advance(20 * MINUTE);
      await fixture.rename(room, bob, name);
      await idle.letGo();
    }
    expect(userRooms.atHand(bob)).to.equal(undefined);
    expect((await userRooms.of(bob)).size).to.equal(1);
  });

  it('are let go when their user has gone, whoever looks at them', async () => {
    const { clock, idle } = fixture.test;
    const { userRooms } = fixture.engine;
    await userRooms.of(bob);
    clock.advance(20 * MINUTE);
    expect(userRooms.glimpse(bob)?.joined.size).to.equal(1);
    clock.advance(20 * MINUTE);
    await idle.letGo();
    expect(userRooms.glimpse(bob)).to.equal(undefined);
  });

  it('are as they are now for who comes back, also where they have not been let go yet', async () => {
    const { clock } = fixture.test;
    const { userRooms } = fixture.engine;
    await userRooms.of(bob);
    clock.advance(40 * MINUTE);
    const another = await fixture.room(alice);
    await fixture.member(another, bob, 'join');
    expect((await userRooms.of(bob)).joined.size).to.equal(2);
  });
});
