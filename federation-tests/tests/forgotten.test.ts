import { sql } from '@holm/homeserver/storage/sql';
import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import type { TestServer } from '../src/server.ts';
import { Administrator, numberOf, rowsOf } from '../src/upkeep.ts';

const DAY = 24 * 3_600_000;

/** Lets the server look for rooms that nobody is in, and remove those that have been so for long enough. */
const giveUp = async (network: TestNetwork, server: TestServer): Promise<number> => {
  const { vacancies, jobs } = server.running.services.upkeep;
  const given = await vacancies.run();
  for (let round = 0; round < 4; round++) {
    await network.settle();
    network.clock.advance(6_000);
    await jobs.work();
  }
  return given;
};

const isHere = async (server: TestServer, room: string): Promise<boolean> =>
  (await server.rows(sql`SELECT 1 FROM rooms WHERE room_id = ${room}`)).length > 0;

describe('rooms that all have left and forgotten', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  it('are removed after a time, and not before', async () => {
    const server = network.server('a.test');
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    const left = await alice.createRoom();
    const kept = await alice.createRoom();
    await alice.view.sync();
    await network.settle();
    const nid = await numberOf(server, room);
    for (const one of [room, left]) await alice.leave(one);
    await alice.forget(room);
    await network.settle();
    expect((await alice.view.sync()).rooms.leave).to.have.all.keys(room, left);
    await giveUp(network, server);
    network.clock.advance(27 * DAY);
    await giveUp(network, server);
    expect(await isHere(server, room)).to.equal(true);
    network.clock.advance(2 * DAY);
    expect(await giveUp(network, server)).to.equal(1);
    // That it is not on the disk any more is nothing to whoever has forgotten it.
    expect((await alice.view.sync()).rooms).to.equal(undefined);
    expect(Object.keys(await rowsOf(server, room, nid))).to.have.members(['room_jobs', 'room_departures']);
    expect(await isHere(server, left)).to.equal(true);
    expect(await isHere(server, kept)).to.equal(true);
    // The others go on, and the room can be joined again.
    await bob.say(room, 'still here');
    await alice.join(room, ['b.test']);
    await network.settle();
    expect((await alice.members(room))[alice.userId]).to.equal('join');
  });

  it('are kept when somebody comes back in time', async () => {
    const server = network.server('a.test');
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
    await alice.leave(room);
    await alice.forget(room);
    await network.settle();
    await giveUp(network, server);
    network.clock.advance(20 * DAY);
    await alice.join(room, ['b.test']);
    await network.settle();
    await giveUp(network, server);
    network.clock.advance(20 * DAY);
    expect(await giveUp(network, server)).to.equal(0);
    await alice.say(room, 'here');
    expect(await isHere(server, room)).to.equal(true);
  });

  it('cannot be entered while they are removed', async () => {
    const server = network.server('a.test');
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
    await alice.leave(room);
    await alice.forget(room);
    await giveUp(network, server);
    network.clock.advance(29 * DAY);
    await server.running.services.upkeep.vacancies.run();
    await network.settle();
    const join = () => alice.request('POST', `/join/${encodeURIComponent(room)}?server_name=b.test`, {});
    expect((await join()).status).to.equal(403);
    await giveUp(network, server);
    expect((await join()).status).to.equal(200);
    await alice.say(room, 'back');
    expect(await isHere(server, room)).to.equal(true);
  });

  it('are kept when somebody comes back at the last moment', async () => {
    const server = network.server('a.test');
    const room = await alice.createRoom();
    const nid = await numberOf(server, room);
    const { jobs } = server.running.services.upkeep;
    await jobs.add({
      roomId: room as RoomId,
      kind: 'purge room',
      options: { only_vacant: true },
      requestedBy: undefined,
    });
    await giveUp(network, server);
    expect(await numberOf(server, room)).to.equal(nid);
    await alice.say(room, 'here');
  });

  it('are gone for devices that had not heard, too', async () => {
    const room = await alice.createRoom();
    const other = await alice.login();
    await other.view.sync();
    await alice.leave(room);
    await alice.forget(room);
    const { rooms } = await other.view.sync();
    expect(rooms.leave).to.have.property(room);
    expect((await other.view.sync()).rooms).to.equal(undefined);
  });

  it('and rooms that nobody got into are removed as well', async () => {
    const server = network.server('a.test');
    const room = await bob.createRoom({ preset: 'private_chat', invite: [alice.userId] });
    await network.settle();
    await alice.leave(room);
    await network.settle();
    await alice.forget(room);
    await giveUp(network, server);
    network.clock.advance(29 * DAY);
    await giveUp(network, server);
    expect(await isHere(server, room)).to.equal(false);
  });
});

describe('rooms that have been removed', () => {
  it('can be left and forgotten by clients that still show them, if never by others', async () => {
    await using network = await TestNetwork.start('a.test');
    const admin = await Administrator.on(network, 'a.test');
    const [alice, eve] = [await network.person('alice', 'a.test'), await network.person('eve', 'a.test')];
    const room = await alice.createRoom();
    const { job_id: id } = await admin.ask('DELETE', `/rooms/${encodeURIComponent(room)}`, { evict: true });
    expect(await admin.finish(network, id)).to.include({ state: 'done' });
    for (const verb of ['leave', 'forget', 'forget']) {
      expect(await alice.ask('POST', `${pathOf(room)}/${verb}`, {})).to.deep.equal({});
      const { status, body } = await eve.request('POST', `${pathOf(room)}/${verb}`, {});
      expect([status, body.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
    }
  });
});

describe('leaving, where that is forgetting', () => {
  let network: TestNetwork;
  before(async () => {
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], config: { rooms: { forget_on_leave: true } } });
  });
  after(() => network[Symbol.asyncDispose]());

  it('is told to clients, and leaves nothing to be forgotten', async () => {
    const alice = await network.person('alice', 'a.test');
    const bob = await network.person('bob', 'b.test');
    const { capabilities } = await alice.ask('GET', '/capabilities');
    expect(capabilities['m.forget_forced_upon_leave']).to.deep.equal({ enabled: true });
    const room = await bob.createRoom();
    await alice.join(room, ['b.test']);
    await network.settle();
    await alice.view.sync();
    await alice.leave(room);
    await network.settle();
    expect((await alice.view.sync()).rooms.leave).to.have.property(room);
    const all = JSON.stringify({ room: { include_leave: true } });
    const fresh = await alice.ask('GET', `/sync?filter=${encodeURIComponent(all)}`);
    expect(fresh.rooms?.leave ?? {}).not.to.have.property(room);
    // Whoever is put out forgets as well; and whoever comes back is back.
    await alice.join(room, ['b.test']);
    await network.settle();
    await bob.kick(room, alice);
    await network.settle();
    expect((await alice.view.sync()).rooms.leave).to.have.property(room);
    await alice.join(room, ['b.test']);
    await network.settle();
    expect((await alice.ask('GET', `${pathOf(room)}/members`)).chunk).to.have.length(2);
    expect((await alice.view.sync()).rooms.join).to.have.property(room);
  });
});
