import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { allRooms, bodiesOf, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** Clients make a noise for such events. */
describe('events by sliding sync that have just happened', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let slider: Slider;

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    slider = new Slider(alice);
  });

  const asked = (last: number) => allRooms({ timeline_limit: 10 }, [0, last]);
  /** Of two rooms the older one. */
  const olderOfTwo = async (): Promise<string> => {
    const room = await bob.createRoom();
    await alice.join(room);
    const newer = await alice.createRoom();
    await slider.sync(asked(1));
    await alice.say(newer, 'up');
    await slider.sync(asked(0));
    return room;
  };
  const becomeOld = async () => {
    for (let n = 0; n < 2; n++) await slider.sync(asked(0));
  };

  it('are not those that happened while their room was out of the range', async () => {
    const room = await olderOfTwo();
    // What changes a room's state does not bring it to the top.
    for (const topic of ['a', 'b']) await bob.setState(room, ['m.room.topic', ''], { topic });
    await becomeOld();
    const back = (await slider.sync(asked(1))).rooms[room];
    expect(back.timeline.map((event: any) => event.content.topic)).to.eql(['a', 'b']);
    expect(back.num_live).to.equal(0);
  });

  it('are those that bring their room back into the range', async () => {
    const room = await olderOfTwo();
    await bob.setState(room, ['m.room.topic', ''], { topic: 'a' });
    await becomeOld();
    await bob.say(room, 'hello');
    const back = (await slider.sync(asked(0))).rooms[room];
    expect(back.timeline.length).to.equal(2);
    expect(bodiesOf(back)).to.eql(['hello']);
    expect(back.num_live).to.equal(1);
  });

  it('are not those that happened while nobody asked for their room by name', async () => {
    const room = await bob.createRoom();
    await alice.join(room);
    const byName = { room_subscriptions: { [room]: { timeline_limit: 10, required_state: [] } } };
    await slider.sync(byName);
    await slider.sync({});
    await bob.say(room, 'hello');
    await slider.sync({});
    const back = (await slider.sync(byName)).rooms[room];
    expect(bodiesOf(back)).to.eql(['hello']);
    expect(back.num_live).to.equal(0);
  });

  it('are not how one left a room, or an invitation ended, while one did not ask for it', async () => {
    const [left, declined] = [await bob.createRoom(), await bob.createRoom({ invite: [alice.userId] })];
    await alice.join(left);
    await slider.sync(asked(9));
    await slider.sync({});
    for (const room of [left, declined]) await alice.leave(room);
    await slider.sync({});
    const { rooms } = await slider.sync(asked(9));
    for (const room of [left, declined]) {
      expect(rooms[room].timeline.map((event: any) => event.content.membership)).to.eql(['leave']);
      expect(rooms[room].num_live).to.equal(0);
    }
  });
});
