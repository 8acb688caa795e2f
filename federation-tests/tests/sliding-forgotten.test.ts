import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { allRooms, bodiesOf, Slider } from '../src/sliding.ts';
import { Administrator } from '../src/upkeep.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** What a room says of its reader: what their own member event says. */
const ownIn = (room: any, user: string): any =>
  room.required_state?.find(({ type, state_key: key }: any) => type === 'm.room.member' && key === user)?.content
    .membership;

const standingsIn = ({ rooms }: any, user: string): any =>
  Object.fromEntries(Object.entries(rooms).map(([id, room]) => [id, ownIn(room, user)]));

/** Devices that have not heard of it before would show these rooms for ever. */
describe('rooms by sliding sync that their user has forgotten', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let joined: string;
  let invited: string;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'b.test')]);
    joined = await bob.createRoom({ preset: 'public_chat' });
    await alice.join(joined, ['b.test']);
    invited = await bob.createRoom({ preset: 'private_chat', invite: [alice.userId] });
    await network.settle();
  });

  const forget = async (...rooms: readonly string[]) => {
    for (const room of rooms) {
      await alice.leave(room);
      await alice.forget(room);
    }
    await network.settle();
  };

  for (const dialect of ['unstable', 'v4'] as const) {
    it(`are told once as left, and again where that got lost, in ${dialect}`, async () => {
      const slider = new Slider(await alice.login(), 'list', dialect);
      expect(Object.keys((await slider.sync(allRooms())).rooms)).to.have.members([joined, invited]);
      await forget(joined, invited);
      const left = { [joined]: 'leave', [invited]: 'leave' };
      const lost = await slider.lose(allRooms());
      expect(standingsIn(lost, alice.userId)).to.eql(left);
      const told = await slider.sync(allRooms());
      expect(standingsIn(told, alice.userId)).to.eql(left);
      expect(told.lists.all_rooms.count).to.equal(0);
      if (dialect === 'v4') expect(told.rooms[joined].membership).to.equal('leave');
      expect((await slider.sync(allRooms())).rooms).to.eql({});
    });
  }

  it('are told as left after an answer that may have come without being written down, and so are rooms that one has just left', async () => {
    const slider = new Slider(await alice.login(), 'killed');
    const left = await bob.createRoom({ preset: 'public_chat' });
    const declined = await bob.createRoom({ preset: 'private_chat', invite: [alice.userId] });
    const taken = await bob.createRoom({ preset: 'private_chat', invite: [alice.userId] });
    await network.settle();
    const asked = allRooms({ required_state: [['m.room.member', '$ME']] });
    await slider.sync({});
    await alice.join(left, ['b.test']);
    const rooms = [joined, invited, left, declined, taken];
    expect((await slider.lose(asked)).rooms).to.have.all.keys(rooms);
    await forget(joined, invited);
    for (const room of [left, declined]) await alice.leave(room);
    await bob.ask('POST', `/rooms/${encodeURIComponent(taken)}/kick`, { user_id: alice.userId });
    await network.settle();
    const gone = Object.fromEntries(rooms.map((room) => [room, 'leave']));
    expect(standingsIn(await slider.sync(asked), alice.userId)).to.eql(gone);
    expect((await slider.sync(asked)).rooms).to.eql({});
  });

  it('are looked up together', async () => {
    const slider = new Slider(alice);
    await slider.sync(allRooms());
    await forget(joined, invited);
    const { database } = network.server('a.test').running.services.rooms;
    const rows = database.rows.bind(database);
    const asked: unknown[] = [];
    database.rows = (statement) => {
      asked.push(statement.name);
      return rows(statement);
    };
    await slider.sync(allRooms());
    database.rows = rows;
    expect(asked.filter((name) => name === 'members.last_of_user')).to.have.lengthOf(1);
  });

  it('are told to a client that waits, though they were out of the range when they were left', async () => {
    const slider = new Slider(alice);
    await slider.sync(allRooms());
    await alice.leave(joined);
    await bob.ask('PUT', `/rooms/${encodeURIComponent(invited)}/state/m.room.topic/`, { topic: 'x' });
    await alice.join(invited, ['b.test']);
    await network.settle();
    await slider.sync(allRooms({}, [0, 0]));
    await slider.sync(allRooms({}, [0, 0]));
    const told = slider.sync(allRooms({}, [0, 0]), 30_000);
    await alice.forget(joined);
    await bob.say(invited, 'hello');
    expect(standingsIn(await told, alice.userId)).to.include({ [joined]: 'leave' });
    expect((await slider.sync(allRooms())).rooms).to.not.have.property(joined);
  });

  it('are told where one is asked back by somebody whom one ignores, and the invite is not', async () => {
    const slider = new Slider(alice);
    const path = `/user/${encodeURIComponent(alice.userId)}/account_data/m.ignored_user_list`;
    await alice.ask('PUT', path, { ignored_users: { [bob.userId]: {} } });
    await slider.sync(allRooms());
    await alice.leave(joined);
    await network.settle();
    await bob.invite(joined, alice);
    await network.settle();
    expect(standingsIn(await slider.sync(allRooms()), alice.userId)).to.eql({ [joined]: 'leave' });
    expect((await slider.sync(allRooms())).rooms).to.eql({});
    await alice.ask('PUT', path, { ignored_users: {} });
    expect((await slider.sync(allRooms())).rooms).to.have.all.keys(joined, invited);
  });

  it('are told after a restart', async () => {
    const slider = new Slider(alice);
    await slider.sync(allRooms());
    await slider.sync(allRooms());
    await network.stop('a.test');
    await network.start('a.test');
    await forget(joined, invited);
    await network.stop('a.test');
    await network.start('a.test');
    expect(Object.keys((await slider.sync(allRooms())).rooms)).to.have.members([joined, invited]);
    expect((await slider.sync(allRooms())).rooms).to.eql({});
  });

  it('are new to whoever comes back', async () => {
    const slider = new Slider(alice);
    await slider.sync(allRooms());
    await forget(joined, invited);
    expect(Object.keys((await slider.sync(allRooms())).rooms)).to.have.members([joined, invited]);
    await alice.join(joined, ['b.test']);
    await bob.ask('POST', `/rooms/${encodeURIComponent(invited)}/invite`, { user_id: alice.userId });
    await bob.say(joined, 'welcome');
    await network.settle();
    const { rooms } = await slider.sync(allRooms());
    expect(rooms[joined]).to.include({ initial: true });
    expect(bodiesOf(rooms[joined])).to.eql(['welcome']);
    expect(rooms[invited].invite_state).to.be.an('array');
  });

  it('are not told where they were not before', async () => {
    const slider = new Slider(alice);
    await forget(invited);
    await slider.sync(allRooms());
    const later = await bob.createRoom({ preset: 'private_chat', invite: [alice.userId] });
    await network.settle();
    await forget(later, joined);
    expect(Object.keys((await slider.sync(allRooms())).rooms)).to.eql([joined]);
  });

  it('or that an administrator has removed, are told as left', async () => {
    const admin = await Administrator.on(network, 'a.test');
    const slider = new Slider(alice);
    await slider.sync(allRooms());
    const { job_id: id } = await admin.ask('DELETE', `/rooms/${encodeURIComponent(joined)}`, { evict: true });
    expect((await admin.finish(network, id)).state).to.equal('done');
    const told = await slider.sync(allRooms());
    expect(standingsIn(told, alice.userId)).to.eql({ [joined]: 'leave' });
    expect((await slider.sync(allRooms())).rooms).to.eql({});
  });
});

describe('rooms by sliding sync that their user has left, where that is forgetting', () => {
  let network: TestNetwork;
  before(async () => {
    network = await TestNetwork.with({ names: ['a.test'], config: { rooms: { forget_on_leave: true } } });
  });
  after(() => network[Symbol.asyncDispose]());

  it('are told as left', async () => {
    const [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    const slider = new Slider(alice);
    const [kicked, left] = [await bob.createRoom(), await bob.createRoom()];
    const declined = await bob.createRoom({ preset: 'private_chat', invite: [alice.userId] });
    for (const room of [kicked, left]) await alice.join(room);
    await slider.sync(allRooms());
    await bob.kick(kicked, alice);
    for (const room of [left, declined]) await alice.leave(room);
    await network.settle();
    const told = await slider.sync(allRooms());
    expect(standingsIn(told, alice.userId)).to.eql({ [kicked]: 'leave', [left]: 'leave', [declined]: 'leave' });
    expect((await slider.sync(allRooms())).rooms).to.eql({});
  });
});
