import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const MINUTE_MS = 60_000;

describe('what sticks, by sliding sync', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let slider: Slider;
  let count = 0;

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    slider = new Slider(alice);
  });

  const stick = async (room: string, name: string) => {
    const query = `org.matrix.msc4354.sticky_duration_ms=${10 * MINUTE_MS}`;
    await bob.ask('PUT', `${pathOf(room)}/send/org.example/s${count++}?${query}`, { name });
  };
  const NAME = 'org.matrix.msc4354.sticky_events';
  const body = (since?: string, limit = 100) => ({
    ...allRooms({}, [0, 0]),
    extensions: { [NAME]: { enabled: true, limit, since } },
  });
  const told = (answer: any, room: string): string[] =>
    (answer.extensions[NAME].rooms[room]?.events ?? []).map((e: any) => e.content.name);

  it('is everything, a part at a time, in rooms out of the range too, but what a timeline shows', async () => {
    const room = await bob.createRoom({ preset: 'public_chat' });
    for (const name of ['one', 'two', 'three']) await stick(room, name);
    await alice.join(room);
    const top = await alice.createRoom();
    const first = await slider.sync(body(undefined, 2));
    expect(Object.keys(first.rooms)).to.eql([top]);
    expect(told(first, room)).to.eql(['one', 'two']);
    const [event] = first.extensions[NAME].rooms[room].events;
    expect(event.unsigned.msc4354_sticky_duration_ttl_ms).to.be.within(1, 10 * MINUTE_MS);
    const again = await slider.lose(body(first.extensions[NAME].next_batch, 2));
    expect(told(again, room)).to.eql(['three']);
    const then = await slider.sync(body(first.extensions[NAME].next_batch, 2));
    expect(told(then, room)).to.eql(['three']);
    const since = then.extensions[NAME].next_batch;
    expect(told(await slider.sync(body(since)), room)).to.eql([]);
    const waiting = slider.sync(body(since), 30_000);
    await stick(room, 'four');
    const woken = await waiting;
    expect(told(woken, room)).to.eql(['four']);
    await bob.say(room, 'to the top');
    await stick(room, 'five');
    const shown = await slider.sync({
      ...body(woken.extensions[NAME].next_batch),
      ...allRooms({ timeline_limit: 9 }),
    });
    expect(shown.rooms[room].timeline.at(-1).content).to.eql({ name: 'five' });
    expect(told(shown, room)).to.eql([]);
  });

  it('is all that sticks in a room that one has come into, and nothing of ignored people', async () => {
    await alice.createRoom();
    const first = await slider.sync(body());
    const room = await bob.createRoom({ preset: 'public_chat' });
    await stick(room, 'before');
    for (let n = 0; n < 3; n++) await bob.say(room, `${n}`);
    const since = (await slider.sync(body(first.extensions[NAME].next_batch))).extensions[NAME].next_batch;
    await alice.join(room);
    const joined = await slider.sync(body(since));
    expect(told(joined, room)).to.eql(['before']);
    await alice.ask('PUT', `/user/${alice.userId}/account_data/m.ignored_user_list`, {
      ignored_users: { [bob.userId]: {} },
    });
    await stick(room, 'unheard');
    expect(told(await slider.sync(body(joined.extensions[NAME].next_batch)), room)).to.eql([]);
  });
});
