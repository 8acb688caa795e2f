import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

const VERSIONS = Array.from({ length: 12 }, (_, index) => String(index + 1));
const NEWEST = '12';
const PAIRS = [
  ...VERSIONS.map((version) => [version, NEWEST] as const),
  ...VERSIONS.slice(0, -1).map((version) => [NEWEST, version] as const),
];

/** https://spec.matrix.org/latest/client-server-api/#room-upgrades */
describe('upgrades of rooms', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
    carol = await network.person('carol', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const upgradeTo = async (who: Person, room: string, version: string, more: object = {}): Promise<string> =>
    (await who.ask('POST', `${pathOf(room)}/upgrade`, { new_version: version, ...more })).replacement_room;

  const refusal = async (who: Person, room: string, body: object): Promise<[number, string]> => {
    const answer = await who.request('POST', `${pathOf(room)}/upgrade`, body);
    return [answer.status, answer.body.errcode];
  };

  for (const [from, to] of PAIRS) {
    it(`lead from version ${from} to version ${to}, with what made the room what it is`, async () => {
      const room = await alice.createRoom({ preset: 'public_chat', room_version: from, name: 'Den', topic: 'burrows' });
      await bob.join(room);
      const levels = await alice.stateAt(room, ['m.room.power_levels', '']);
      await alice.setState(room, ['m.room.power_levels', ''], {
        ...levels,
        users: { ...levels.users, [bob.userId]: 60, '@x:b.test': 10 },
        events: { ...levels.events, 'm.room.name': 60 },
      });
      await alice.setState(room, ['m.room.server_acl', ''], { allow: ['*'], deny: ['bad.test'] });
      await alice.setState(room, ['com.example.private', ''], { by: 'alice' });
      await alice.ask('POST', `${pathOf(room)}/ban`, { user_id: '@mallory:bad.test', reason: 'spam' });
      const last = (await alice.history(room, 1))[0].event_id;

      const next = await upgradeTo(alice, room, to);
      const create = await alice.stateAt(next, ['m.room.create', '']);
      expect(create).to.deep.include({ room_version: to, predecessor: { room_id: room, event_id: last } });
      expect(await alice.stateAt(next, ['m.room.name', ''])).to.deep.equal({ name: 'Den' });
      expect((await alice.stateAt(next, ['m.room.topic', ''])).topic).to.equal('burrows');
      expect(await alice.stateAt(next, ['m.room.join_rules', ''])).to.include({ join_rule: 'public' });
      expect(await alice.stateAt(next, ['m.room.server_acl', ''])).to.deep.equal({ allow: ['*'], deny: ['bad.test'] });
      expect(await alice.stateAt(next, ['m.room.member', '@mallory:bad.test'])).to.deep.equal({
        membership: 'ban',
        reason: 'spam',
      });
      expect((await alice.request('GET', `${pathOf(next)}/state/com.example.private/`)).status).to.equal(404);
      const carried = await alice.stateAt(next, ['m.room.power_levels', '']);
      expect(carried.events['m.room.name']).to.equal(60);
      const creator = to === NEWEST ? {} : { [alice.userId]: from === NEWEST ? 150 : 100 };
      expect(carried.users).to.deep.equal({ ...creator, [bob.userId]: 60, '@x:b.test': 10 });
      expect(carried.events['m.room.tombstone']).to.be.greaterThan(carried.state_default ?? 50);

      expect(await bob.stateAt(room, ['m.room.tombstone', ''])).to.include({ replacement_room: next });
      expect(await bob.stateAt(room, ['m.room.power_levels', ''])).to.include({ events_default: 50, invite: 50 });
      await bob.join(next);
      await bob.setState(next, ['m.room.name', ''], { name: 'Warren' });
    });
  }

  it('move the names that the room has here, and no others', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', room_alias_name: 'upgraded' });
    await carol.join(room, ['a.test']);
    const elsewhere = '#elsewhere:b.test';
    await carol.ask('PUT', `/directory/room/${encodeURIComponent(elsewhere)}`, { room_id: room });
    const names = { alias: '#upgraded:a.test', alt_aliases: [elsewhere] };
    await alice.setState(room, ['m.room.canonical_alias', ''], names);
    const next = await upgradeTo(alice, room, '11');
    expect((await alice.ask('GET', '/directory/room/%23upgraded:a.test')).room_id).to.equal(next);
    expect(await alice.stateAt(next, ['m.room.canonical_alias', ''])).to.deep.equal({ alias: '#upgraded:a.test' });
    expect(await alice.stateAt(room, ['m.room.canonical_alias', ''])).to.deep.equal({ alt_aliases: [elsewhere] });
    expect(await carol.join('#upgraded:a.test')).to.equal(next);
  });

  it('keep what kind of room it is, and the rooms of a space', async () => {
    const child = await alice.createRoom();
    const space = await alice.createRoom({ creation_content: { type: 'm.space', 'm.federate': false } });
    await alice.setState(space, ['m.space.child', child], { via: ['a.test'] });
    await alice.setState(space, ['m.space.child', '!gone:a.test'], {});
    const next = await upgradeTo(alice, space, '12');
    expect(await alice.stateAt(next, ['m.room.create', ''])).to.include({ type: 'm.space', 'm.federate': false });
    expect(await alice.stateAt(next, ['m.space.child', child])).to.deep.equal({ via: ['a.test'] });
    expect(Object.keys(await alice.state(next))).not.to.include('m.space.child !gone:a.test');
  });

  it('name the creators that are asked for, not those of before', async () => {
    const room = await alice.createRoom({ creation_content: { additional_creators: ['@before:a.test'] } });
    const next = await upgradeTo(alice, room, '12', { additional_creators: [bob.userId, bob.userId] });
    expect((await alice.stateAt(next, ['m.room.create', ''])).additional_creators).to.deep.equal([bob.userId]);
    const plain = await upgradeTo(alice, next, '11', { additional_creators: ['no user id'] });
    expect(await alice.stateAt(plain, ['m.room.create', ''])).not.to.have.property('additional_creators');
    // Who stood above all numbers is given the highest one.
    expect((await alice.stateAt(plain, ['m.room.power_levels', ''])).users).to.deep.equal({
      [alice.userId]: 150,
      [bob.userId]: 150,
    });
  });

  it('turn a join rule that the version does not know into one that it does', async () => {
    const rule = { join_rule: 'knock_restricted', allow: [{ type: 'm.room_membership', room_id: '!x:a.test' }] };
    const room = await alice.createRoom({
      initial_state: [{ type: 'm.room.join_rules', state_key: '', content: rule }],
    });
    const expected = { 12: 'knock_restricted', 9: 'restricted', 7: 'knock', 6: 'invite' };
    for (const [version, join_rule] of Object.entries(expected)) {
      const next = await upgradeTo(alice, room, version);
      expect(await alice.stateAt(next, ['m.room.join_rules', '']), version).to.include({ join_rule });
    }
  });

  it('leave out nobody who is banned when somebody else is unbanned meanwhile', async () => {
    const room = await alice.createRoom({ room_version: '11' });
    const banned = Array.from({ length: 70 }, (_, index) => `@spam${String(index).padStart(2, '0')}:b.test`);
    for (const user_id of banned) await alice.ask('POST', `${pathOf(room)}/ban`, { user_id });
    const server = network.server('a.test');
    const { creator } = server.running.services.rooms.engine;
    const create = creator.create.bind(creator);
    creator.create = async (wanted) => {
      creator.create = create;
      const made = await create(wanted);
      for (const user_id of banned.slice(0, 10)) await alice.ask('POST', `${pathOf(room)}/unban`, { user_id });
      return made;
    };
    const { replacement_room: next } = await alice.ask('POST', `${pathOf(room)}/upgrade`, { new_version: '11' });
    const members = await alice.members(next);
    expect(banned.slice(10).filter((user) => members[user] !== 'ban')).to.eql([]);
  });

  it('carry over more bans than fit into one step, whatever power the upgrader has', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', room_version: '10' });
    await bob.join(room);
    const banned = Array.from({ length: 120 }, (_, index) => `@spam${index}:b.test`);
    for (const user_id of banned) await alice.ask('POST', `${pathOf(room)}/ban`, { user_id });
    const levels = {
      ...(await alice.stateAt(room, ['m.room.power_levels', ''])),
      users: { [alice.userId]: 100, [bob.userId]: 30, [banned[110]!]: 40 },
      events: { 'm.room.tombstone': 30 },
    };
    await alice.setState(room, ['m.room.power_levels', ''], levels);
    const next = await upgradeTo(bob, room, '11');
    const members = await bob.members(next);
    expect(Object.entries(members).filter(([, membership]) => membership === 'ban')).to.have.length(120);
    expect((await bob.stateAt(next, ['m.room.power_levels', ''])).users).to.deep.equal(levels.users);
    // The old room's levels are above him: they stay, and the room is closed all the same.
    expect(await bob.stateAt(room, ['m.room.power_levels', ''])).to.deep.equal(levels);
    expect(await bob.stateAt(room, ['m.room.tombstone', ''])).to.include({ replacement_room: next });
  });

  it('bring along what people have set for the room, wherever they join', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    for (const [person, via] of [
      [bob, []],
      [carol, ['a.test']],
    ] as const) {
      await person.join(room, via);
      const of = encodeURIComponent(person.userId);
      await person.ask('PUT', `/user/${of}/rooms/${encodeURIComponent(room)}/tags/u.work`, { order: 0.5 });
      await person.ask('PUT', `/user/${of}/account_data/m.direct`, { [alice.userId]: [room], '@x:y': ['!z:y'] });
      const quiet = { actions: [], conditions: [{ kind: 'event_match', key: 'room_id', pattern: room }] };
      await person.ask('PUT', `/pushrules/global/override/${encodeURIComponent(room)}`, quiet);
      await person.ask('PUT', `/pushrules/global/room/${encodeURIComponent(room)}`, { actions: ['notify'] });
      await person.ask('PUT', `/pushrules/global/room/${encodeURIComponent(room)}/enabled`, { enabled: false });
    }
    const next = await upgradeTo(alice, room, '12');
    await network.settle();
    for (const [person, via] of [
      [bob, []],
      [carol, ['a.test']],
    ] as const) {
      await person.join(next, via);
      await network.settle();
      const of = encodeURIComponent(person.userId);
      const { tags } = await person.ask('GET', `/user/${of}/rooms/${encodeURIComponent(next)}/tags`);
      expect(tags).to.deep.equal({ 'u.work': { order: 0.5 } });
      const direct = await person.ask('GET', `/user/${of}/account_data/m.direct`);
      expect(direct).to.deep.equal({ [alice.userId]: [room, next], '@x:y': ['!z:y'] });
      const rules = (await person.ask('GET', '/pushrules/')).global;
      const muted = rules.override.find(({ rule_id }: { rule_id: string }) => rule_id === next);
      expect(muted.conditions).to.deep.equal([{ kind: 'event_match', key: 'room_id', pattern: next }]);
      const [own] = rules.room;
      expect(rules.room.map(({ rule_id }: { rule_id: string }) => rule_id)).to.have.members([next, room]);
      expect(own).to.include({ rule_id: next, enabled: false });
    }
  });

  it('give nothing to a room that only claims to replace another one', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(room);
    const of = encodeURIComponent(bob.userId);
    await bob.ask('PUT', `/user/${of}/rooms/${encodeURIComponent(room)}/tags/u.work`, {});
    const predecessor = { room_id: room, event_id: '$any' };
    const pretender = await alice.createRoom({ preset: 'public_chat', creation_content: { predecessor } });
    await bob.join(pretender);
    await network.settle();
    expect((await bob.ask('GET', `/user/${of}/rooms/${encodeURIComponent(pretender)}/tags`)).tags).to.deep.equal({});
  });

  it('give the same room to who asks again, and to who asks at the same time', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    const twice = await Promise.all([upgradeTo(alice, room, '11'), upgradeTo(alice, room, '11')]);
    expect(new Set(twice).size).to.equal(1);
    expect(await upgradeTo(alice, room, '11')).to.equal(twice[0]);
    network.clock.advance(11 * 60_000);
    expect(await upgradeTo(alice, room, '11')).not.to.equal(twice[0]);
  });

  for (const recovery of ['a restart', 'asking again'] as const) {
    it(`that broke off half-way are finished by ${recovery}`, async () => {
      const room = await alice.createRoom({ preset: 'public_chat', room_alias_name: `half-${recovery.slice(-3)}` });
      const { aliases } = network.server('a.test').running.services.features;
      const moveAll = aliases.moveAll.bind(aliases);
      aliases.moveAll = () => Promise.reject(new Error('the power went'));
      const failed = await alice.request('POST', `${pathOf(room)}/upgrade`, { new_version: '11' });
      aliases.moveAll = moveAll;
      expect(failed.status).to.equal(500);
      expect((await alice.request('GET', `${pathOf(room)}/state/m.room.tombstone/`)).status).to.equal(404);
      let next: string | undefined;
      if (recovery === 'asking again') next = await upgradeTo(alice, room, '11');
      else {
        await network.stop('a.test');
        await network.start('a.test');
        await network.settle();
        Object.assign(alice, { home: network.server('a.test') });
        Object.assign(bob, { home: network.server('a.test') });
      }
      const { replacement_room } = await alice.stateAt(room, ['m.room.tombstone', '']);
      if (next !== undefined) expect(replacement_room).to.equal(next);
      const alias = encodeURIComponent(`#half-${recovery.slice(-3)}:a.test`);
      expect((await alice.ask('GET', `/directory/room/${alias}`)).room_id).to.equal(replacement_room);
      const { joined_rooms } = await alice.ask('GET', '/joined_rooms');
      expect(joined_rooms).to.include(replacement_room);
    });
  }

  it('are refused with a reason, and change nothing', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(room);
    expect(await refusal(alice, room, { new_version: 'none' })).to.deep.equal([400, 'M_UNSUPPORTED_ROOM_VERSION']);
    expect(await refusal(alice, room, {})).to.deep.equal([400, 'M_BAD_JSON']);
    const wrong = { new_version: '12', additional_creators: ['bob'] };
    expect(await refusal(alice, room, wrong)).to.deep.equal([400, 'M_INVALID_PARAM']);
    expect(await refusal(bob, room, { new_version: '12' })).to.deep.equal([403, 'M_FORBIDDEN']);
    const outsider = await network.person('dora', 'a.test');
    expect(await refusal(outsider, room, { new_version: '12' })).to.deep.equal([403, 'M_FORBIDDEN']);
    expect(await refusal(alice, '!nowhere:a.test', { new_version: '12' })).to.deep.equal([403, 'M_FORBIDDEN']);
    expect((await alice.request('GET', `${pathOf(room)}/state/m.room.tombstone/`)).status).to.equal(404);
  });
});
