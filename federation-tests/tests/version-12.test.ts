/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

const LEVELS = ['m.room.power_levels', ''] as const;

/** https://spec.matrix.org/latest/rooms/v12/: what its users and their servers notice of it. */
describe('rooms of version 12', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    carol = await network.person('carol', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const create = (more: object = {}) => alice.createRoom({ room_version: '12', preset: 'public_chat', ...more });
  const setLevels = async (who: Person, room: string, change: (levels: any) => object) => {
    const levels = await who.stateAt(room, LEVELS);
    return who.request('PUT', `${pathOf(room)}/state/m.room.power_levels/`, { ...levels, ...change(levels) });
  };
  const tombstone = (who: Person, room: string) =>
    who.request('PUT', `${pathOf(room)}/state/m.room.tombstone/`, { body: 'x', replacement_room: '!x' });
  const pdu = async (room: string, type: string): Promise<any> => {
    const { rooms, states } = network.server('a.test').running.services.rooms.engine;
    const known = await rooms.joined(room as never);
    return (await states.get(known, known.head.snapshot, [type, '']))?.event.pdu;
  };

  it('are named for their create event, which names no room and stands in no auth_events', async () => {
    const room = await create({ name: 'Den' });
    const { 'm.room.create ': createId } = await alice.state(room);
    expect(room).to.equal(`!${createId!.slice(1)}`);
    expect(await pdu(room, 'm.room.create')).not.to.have.any.keys('room_id', 'creator');
    expect((await pdu(room, 'm.room.name')).auth_events).not.to.include(createId);
    // Clients are told the room all the same.
    expect((await alice.event(room, createId!)).body.room_id).to.equal(room);
    expect((await alice.history(room)).at(-1)).to.include({ type: 'm.room.create', room_id: room });
  });

  it('are as many as are created, be it in the same millisecond', async () => {
    const rooms = await Promise.all(Array.from({ length: 5 }, () => alice.createRoom({ room_version: '12' })));
    expect(new Set(rooms).size).to.equal(5);
  });

  it('make creators of those who are trusted, beside those who are named', async () => {
    const room = await create({
      preset: 'trusted_private_chat',
      invite: [bob.userId],
      creation_content: { additional_creators: [carol.userId, bob.userId] },
    });
    const { additional_creators: creators } = await alice.stateAt(room, ['m.room.create', '']);
    expect(creators).to.deep.equal([carol.userId, bob.userId]);
    expect((await alice.stateAt(room, LEVELS)).users).to.deep.equal({});
    await bob.join(room);
    // Power enough for everything, though no level says so.
    const raised = await setLevels(bob, room, () => ({
      users_default: 1,
      events: { 'm.room.name': 9_007_199_254_740_991 },
    }));
    expect(raised.status).to.equal(200);
    await bob.setState(room, ['m.room.name', ''], { name: 'ours' });
    await network.settle();
    expect(await alice.state(room)).to.deep.equal(await bob.state(room));
  });

  it('have creators whom nobody can put out, and who are in no list of levels', async () => {
    const room = await create({ creation_content: { additional_creators: [bob.userId] } });
    await bob.join(room, ['a.test']);
    await carol.join(room);
    expect(
      (await setLevels(alice, room, () => ({ users: { [carol.userId]: 9_007_199_254_740_991 } }))).status,
    ).to.equal(200);
    for (const [who, whom] of [
      [carol, alice],
      [carol, bob],
      [alice, bob],
      [bob, alice],
    ] as const) {
      for (const verb of ['kick', 'ban'] as const) {
        const { status, body } = await who.request('POST', `${pathOf(room)}/${verb}`, { user_id: whom.userId });
        expect([status, body.errcode], `${who.name} ${verb} ${whom.name}`).to.deep.equal([403, 'M_FORBIDDEN']);
      }
    }
    for (const creator of [alice, bob]) {
      const listed = await setLevels(carol, room, ({ users }) => ({ users: { ...users, [creator.userId]: 0 } }));
      expect(listed.status).to.equal(403);
    }
    expect(await alice.members(room)).to.deep.equal({
      [alice.userId]: 'join',
      [bob.userId]: 'join',
      [carol.userId]: 'join',
    });
  });

  it('are closed by their creators alone, unless the levels say otherwise', async () => {
    for (const more of [
      {},
      { power_level_content_override: { events: {} } },
      { power_level_content_override: { state_default: 200 } },
    ]) {
      const room = await create(more);
      await carol.join(room);
      const { events, state_default: stateDefault = 50 } = await alice.stateAt(room, LEVELS);
      expect(events['m.room.tombstone']).to.be.greaterThan(stateDefault);
      await setLevels(alice, room, () => ({ users: { [carol.userId]: stateDefault } }));
      expect((await tombstone(carol, room)).status).to.equal(403);
      expect((await tombstone(alice, room)).status).to.equal(200);
    }
  });

  it('let creators vouch for those who may come from other rooms', async () => {
    const club = await create();
    const content = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: club }] };
    const room = await create({
      preset: 'private_chat',
      initial_state: [{ type: 'm.room.join_rules', content }],
      power_level_content_override: { invite: 100 },
    });
    await bob.join(club, ['a.test']);
    await bob.join(room, ['a.test']);
    const { join_authorised_via_users_server: by } = await alice.stateAt(room, ['m.room.member', bob.userId]);
    expect(by).to.equal(alice.userId);
  });

  it('refuse creators that are none, and levels that list one', async () => {
    const wishes = [
      { creation_content: { additional_creators: ['bob'] } },
      { creation_content: { additional_creators: 'all' } },
      { power_level_content_override: { users: { [alice.userId]: 100 } } },
      {
        preset: 'trusted_private_chat',
        invite: [carol.userId],
        power_level_content_override: { users: { [carol.userId]: 1 } },
      },
    ];
    for (const wish of wishes) {
      const { status, body } = await alice.request('POST', '/createRoom', { room_version: '12', ...wish });
      expect([status, body.errcode]).to.deep.equal([400, 'M_INVALID_ROOM_STATE']);
    }
  });
});
