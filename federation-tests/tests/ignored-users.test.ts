import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const ignore = (person: Person, ...others: Person[]) => {
  const path = `/user/${encodeURIComponent(person.userId)}/account_data/m.ignored_user_list`;
  const users = Object.fromEntries(others.map(({ userId }) => [userId, {}]));
  return person.ask('PUT', path, { ignored_users: users });
};

/** What a person's next sync tells of a room that they are in. */
const next = async (person: Person, room: string, timeout = 0): Promise<any> =>
  (await person.view.sync(timeout)).rooms?.join?.[room];

describe('ignored users', () => {
  let network: TestNetwork;
  /** Ignores the other two, one of whom is elsewhere. */
  let carol: Person;
  let alice: Person;
  let bob: Person;
  let dave: Person;
  let room: string;

  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());

  beforeEach(async () => {
    [alice, carol, dave, bob] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('carol', 'a.test'),
      network.person('dave', 'a.test'),
      network.person('bob', 'b.test'),
    ]);
    room = await alice.createRoom();
    await Promise.all([carol.join(room), dave.join(room), bob.join(room, ['a.test'])]);
    await network.settle();
    await carol.view.sync();
    await ignore(carol, alice, bob);
    await carol.view.sync();
  });

  it('are not heard in syncs, but what they change of the room is', async () => {
    await alice.say(room, 'from alice');
    await bob.say(room, 'from bob');
    await network.settle();
    expect(await next(carol, room)).to.equal(undefined);
    const named = await alice.setState(room, ['m.room.name', ''], { name: 'Kitchen' });
    await alice.say(room, 'again');
    const said = await dave.say(room, 'from dave');
    const { timeline } = await next(carol, room);
    expect(timeline.events.map((event: any) => event.event_id)).to.eql([named, said]);
    expect(timeline.limited).to.equal(false);
  });

  it('are not seen to write or to read', async () => {
    const said = await dave.say(room, 'read this');
    await network.settle();
    await carol.view.sync();
    for (const person of [alice, bob, dave]) {
      await person.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(said)}`, {});
      const path = `${pathOf(room)}/typing/${encodeURIComponent(person.userId)}`;
      await person.ask('PUT', path, { typing: true, timeout: 20_000 });
    }
    await network.settle();
    const { events } = (await next(carol, room)).ephemeral;
    const contentOf = (type: string) => events.find((event: any) => event.type === type).content;
    expect(contentOf('m.typing')).to.eql({ user_ids: [dave.userId] });
    expect(Object.keys(contentOf('m.receipt')[said]['m.read'])).to.eql([dave.userId]);
  });

  it('do not take the place of others where a timeline is cut', async () => {
    for (const text of ['one', 'two', 'three']) await dave.say(room, text);
    for (let i = 0; i < 5; i++) await alice.say(room, `spam ${i}`);
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit: 2 } } }));
    const { timeline } = (await carol.ask('GET', `/sync?filter=${filter}`)).rooms.join[room];
    expect(textsOf(timeline.events)).to.eql(['two', 'three']);
    expect(timeline.limited).to.equal(true);
    const page = await carol.ask('GET', `${pathOf(room)}/messages?dir=b&limit=1&from=${timeline.prev_batch}`);
    expect(textsOf(page.chunk)).to.eql(['one']);
  });

  it('are ignored at once, also by a sync that waits', async () => {
    const waiting = next(dave, room, 30_000);
    await dave.view.sync();
    const poll = next(dave, room, 30_000);
    await ignore(dave, alice);
    await Promise.all([waiting, poll]);
    await alice.say(room, 'unheard');
    await bob.say(room, 'heard');
    await network.settle();
    expect(textsOf((await next(dave, room)).timeline.events)).to.eql(['heard']);
  });

  it('are heard again from when they are not ignored any more; what was missed comes with a fresh sync', async () => {
    await alice.say(room, 'missed');
    await carol.view.sync();
    await ignore(carol);
    await alice.say(room, 'heard');
    expect(textsOf((await next(carol, room)).timeline.events)).to.eql(['heard']);
    const fresh = (await carol.ask('GET', '/sync')).rooms.join[room];
    expect(textsOf(fresh.timeline.events)).to.eql(['missed', 'heard']);
  });

  it('are not heard in sliding sync', async () => {
    const slider = new Slider(carol, 'ignoring');
    await slider.sync(allRooms());
    await alice.say(room, 'from alice');
    expect((await slider.sync(allRooms())).rooms).to.eql({});
    await dave.say(room, 'from dave');
    expect(textsOf((await slider.sync(allRooms())).rooms[room].timeline)).to.eql(['from dave']);
    const fresh = (await new Slider(carol, 'fresh').sync(allRooms())).rooms[room];
    expect(textsOf(fresh.timeline)).to.eql(['from dave']);
  });

  it('are not heard when history is read', async () => {
    const first = await alice.say(room, 'from alice');
    const middle = await dave.say(room, 'from dave');
    await bob.say(room, 'from bob');
    await network.settle();
    expect(textsOf(await carol.history(room))).to.eql(['from dave']);
    expect(textsOf(await dave.history(room))).to.eql(['from bob', 'from dave', 'from alice']);
    const context = (event: string) => carol.request('GET', `${pathOf(room)}/context/${encodeURIComponent(event)}`);
    const { body } = await context(middle);
    expect(textsOf([...body.events_before, body.event, ...body.events_after])).to.eql(['from dave']);
    expect((await context(first)).body.errcode).to.equal('M_NOT_FOUND');
    expect((await carol.event(room, first)).body.errcode).to.equal('M_NOT_FOUND');
    expect((await dave.event(room, first)).status).to.equal(200);
    const at = await carol.ask('GET', `/../v1${pathOf(room)}/timestamp_to_event?ts=${network.clock.now()}&dir=b`);
    expect(at.event_id).to.equal(middle);
  });

  it('do not count as unread', async () => {
    for (const person of [alice, bob]) await person.say(room, `${carol.userId} hello`);
    await network.settle();
    await dave.say(room, 'hello');
    expect((await next(carol, room)).unread_notifications).to.eql({ highlight_count: 0, notification_count: 1 });
    await ignore(carol);
    expect((await next(carol, room)).unread_notifications).to.include({ notification_count: 3 });
  });

  it('do not invite, until they are not ignored any more', async () => {
    const rooms = await Promise.all([alice, bob, dave].map((person) => person.createRoom({ preset: 'private_chat' })));
    await alice.invite(rooms[0]!, carol);
    await bob.invite(rooms[1]!, carol);
    await dave.invite(rooms[2]!, carol);
    await network.settle();
    expect(Object.keys((await carol.view.sync()).rooms.invite)).to.eql([rooms[2]]);
    expect(Object.keys((await carol.ask('GET', '/sync')).rooms.invite)).to.eql([rooms[2]]);
    const list = allRooms({ filters: { is_invite: true } });
    const invited = await new Slider(carol, 'invites').sync(list);
    expect(invited.lists.all_rooms).to.deep.include({ count: 1 });
    expect(Object.keys(invited.rooms)).to.eql([rooms[2]]);
    // An invite from before may be known to some client: that it is taken back is a change of state, and told.
    await alice.kick(rooms[0]!, carol);
    expect(Object.keys((await carol.view.sync()).rooms.leave)).to.eql([rooms[0]]);
    await ignore(carol);
    expect(Object.keys((await carol.ask('GET', '/sync')).rooms.invite).sort()).to.eql([rooms[1], rooms[2]].sort());
    await carol.join(rooms[1]!, ['b.test']);
  });

  it('are only those in a list that makes sense', async () => {
    const path = `/user/${encodeURIComponent(carol.userId)}/account_data/m.ignored_user_list`;
    for (const content of [{}, { ignored_users: [alice.userId] }, { ignored_users: null }]) {
      await carol.ask('PUT', path, content);
      await alice.say(room, JSON.stringify(content));
      expect(textsOf((await next(carol, room)).timeline.events)).to.eql([JSON.stringify(content)]);
    }
    await carol.ask('PUT', path, { ignored_users: { [carol.userId]: {}, [alice.userId]: 'x', nobody: {} } });
    await alice.say(room, 'unheard');
    await carol.say(room, 'mine');
    expect(textsOf((await next(carol, room)).timeline.events)).to.eql(['mine']);
  });
});
