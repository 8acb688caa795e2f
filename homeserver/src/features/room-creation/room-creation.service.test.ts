import { MatrixError } from '@holm/spec/errors';
import { type RoomAlias, type RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { roomVersions } from '../../core/rooms/room-version.ts';
import type { Room } from '../../rooms/room.ts';
import { createTestEngine, type TestEngine } from '../../testing/engine.ts';
import type { Wish } from './first-events.ts';
import { RoomCreation } from './room-creation.service.ts';

const alice = UserId.parse('@alice:a.test');
const bob = UserId.parse('@bob:a.test');
const carol = UserId.parse('@carol:b.test');

const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('creating rooms', () => {
  let test: TestEngine;
  before(async () => (test = await createTestEngine()));
  after(() => test[Symbol.asyncDispose]());

  const build = ({ mayPublish = true } = {}) => {
    const published: RoomId[] = [];
    const names = new Map<RoomAlias, RoomId>();
    const invited: unknown[] = [];
    const creation = new RoomCreation({
      engine: test.engine,
      aliases: {
        isTaken: async (alias) => names.has(alias),
        async link({ alias, roomId }) {
          if (alias.startsWith('#race')) throw new MatrixError('M_UNKNOWN', 'taken', { status: 409 });
          names.set(alias, roomId);
        },
        async unlink(roomId) {
          for (const [alias, of] of names) if (of === roomId) names.delete(alias);
        },
      },
      profiles: { memberProfile: async (user) => ({ displayname: user.slice(1, 4) }) },
      membership: {
        async invite(act, extras) {
          invited.push([act.target, extras]);
          if (act.target.startsWith('@no')) throw new MatrixError('M_INVITE_BLOCKED', 'no');
        },
      },
      invitees: { assertInvitable: () => Promise.resolve() },
      directory: {
        async assertMayPublish() {
          if (!mayPublish) throw new MatrixError('M_FORBIDDEN', 'no');
        },
        publish: async (_user, roomId) => void published.push(roomId),
        withdraw: async (roomId) => void published.splice(published.indexOf(roomId), 1),
      },
      addresses: { invite: async (...args) => void invited.push(['address', args[2]['address']]) },
      defaultVersion: '12',
    });
    return { creation, invited, names, published };
  };

  it('leaves no name and no entry in the directory where it fails in the end', async () => {
    const { creation, names, published } = build();
    const { writer } = test.engine;
    const commit = writer.commit.bind(writer);
    writer.commit = () => Promise.reject(new Error('expected: the database is gone'));
    const wish = { visibility: 'public', room_alias_name: 'hall' } as const;
    const failed = await creation.create(alice, wish).catch((error: unknown) => (error as Error).message);
    writer.commit = commit;
    expect([failed, [...names], published]).to.eql(['expected: the database is gone', [], []]);
    const roomId = await creation.create(alice, wish);
    expect([[...names.values()], published]).to.eql([[roomId], [roomId]]);
  });

  it('publishes those that are to be public, and makes none that may not be', async () => {
    const { creation, published } = build();
    const roomId = await creation.create(alice, { visibility: 'public' });
    await creation.create(alice, { visibility: 'private' });
    expect(published).to.eql([roomId]);
    const forbidden = build({ mayPublish: false }).creation.create(alice, { visibility: 'public' });
    expect(await forbidden.catch(code)).to.equal('M_FORBIDDEN');
  });

  const roomOf = async (creation: RoomCreation, wish: Wish): Promise<Room> => {
    const room = await test.engine.rooms.byId(await creation.create(alice, wish));
    if (!room) throw new Error('no room');
    return room;
  };
  const stateOf = async (room: Room): Promise<Record<string, JsonObject>> => {
    const events = await test.engine.states.all(room.head?.snapshot ?? 0);
    return Object.fromEntries(events.map(({ event }) => [`${event.type} ${event.stateKey}`, event.content]));
  };
  const typesOf = async (room: Room) =>
    (await test.engine.timeline.newest(room, 50)).map(({ event: { type, stateKey } }) => `${type} ${stateKey}`);
  const countRooms = async () => (await test.db.rows({ text: 'SELECT 1 FROM room_heads', values: [] })).length;

  for (const { id } of roomVersions) {
    it(`of version ${id}`, async () => {
      const { creation } = build();
      const state = await stateOf(
        await roomOf(creation, { room_version: id, preset: 'trusted_private_chat', invite: [bob] }),
      );
      const create = state['m.room.create '] ?? {};
      const users = (state['m.room.power_levels '] ?? {})['users'];
      expect(create['room_version']).to.equal(id);
      if (id === '12') {
        expect(users).to.eql({});
        expect(create['additional_creators']).to.eql([bob]);
        expect((state['m.room.power_levels ']?.['events'] as JsonObject)['m.room.tombstone']).to.equal(150);
      } else {
        expect(users).to.eql({ [alice]: 100, [bob]: 100 });
        expect(create).not.to.have.property('additional_creators');
      }
      expect(create['creator']).to.equal(Number(id) < 11 ? alice : undefined);
      expect(state[`m.room.member ${bob}`]).to.eql({ membership: 'invite', displayname: 'bob' });
    });
  }

  it('with everything, in the order of the specification', async () => {
    const { creation, invited, names } = build();
    const room = await roomOf(creation, {
      visibility: 'public',
      room_alias_name: 'pub',
      name: 'The Pub',
      topic: 'Beer',
      is_direct: true,
      invite: [bob, carol, bob],
      creation_content: { 'm.federate': false, creator: 'nobody', room_version: '3', type: 'm.space' },
      initial_state: [
        { type: 'm.room.history_visibility', content: { history_visibility: 'joined' } },
        { type: 'm.room.name', content: { name: 'first' } },
        { type: 'org.example', state_key: 'x', content: {} },
      ],
      power_level_content_override: { events: { 'm.room.name': 0 }, state_default: 200 },
    });
    expect(await typesOf(room)).to.eql([
      'm.room.create ',
      `m.room.member ${alice}`,
      'm.room.power_levels ',
      'm.room.canonical_alias ',
      'm.room.join_rules ',
      'm.room.guest_access ',
      'm.room.history_visibility ',
      'm.room.name ',
      'org.example x',
      'm.room.name ',
      'm.room.topic ',
      `m.room.member ${bob}`,
    ]);
    const state = await stateOf(room);
    expect(state['m.room.create ']).to.eql({ 'm.federate': false, type: 'm.space', room_version: '12' });
    expect(state['m.room.canonical_alias ']).to.eql({ alias: '#pub:a.test' });
    expect(state['m.room.join_rules ']).to.eql({ join_rule: 'public' });
    expect(state['m.room.guest_access ']).to.eql({ guest_access: 'forbidden' });
    expect(state['m.room.history_visibility ']).to.eql({ history_visibility: 'joined' });
    expect(state['m.room.name ']).to.eql({ name: 'The Pub' });
    expect(state['m.room.topic ']?.['topic']).to.equal('Beer');
    expect(state['m.room.power_levels ']?.['events']).to.eql({ 'm.room.name': 0, 'm.room.tombstone': 201 });
    expect(state[`m.room.member ${bob}`]).to.eql({ membership: 'invite', displayname: 'bob', is_direct: true });
    expect(invited).to.eql([[carol, { isDirect: true }]]);
    expect(names.get('#pub:a.test' as RoomAlias)).to.equal(room.roomId);
    expect((await test.engine.userRooms.of(bob)).get(room.nid)?.membership).to.equal('invite');
    expect(room.head?.lastOrd).to.equal(12);
  });

  for (const [preset, rule, guests] of [
    ['private_chat', 'invite', 'can_join'],
    ['trusted_private_chat', 'invite', 'can_join'],
    ['public_chat', 'public', 'forbidden'],
  ] as const) {
    it(`like a ${preset}`, async () => {
      const state = await stateOf(await roomOf(build().creation, { preset, visibility: 'public' }));
      expect(state['m.room.join_rules ']).to.eql({ join_rule: rule });
      expect(state['m.room.guest_access ']).to.eql({ guest_access: guests });
      expect(state['m.room.history_visibility ']).to.eql({ history_visibility: 'shared' });
    });
  }

  const wrong: [string, Wish, string][] = [
    ['an unknown version', { room_version: '99' }, 'M_UNSUPPORTED_ROOM_VERSION'],
    ['an alias that is none', { room_alias_name: 'a:b' }, 'M_INVALID_PARAM'],
    ['an alias that is too long', { room_alias_name: 'a'.repeat(300) }, 'M_INVALID_PARAM'],
    ['an alias that somebody takes meanwhile', { room_alias_name: 'race' }, 'M_ROOM_IN_USE'],
    ['an address without a server that may know it', { invite_3pid: [{ medium: 'email' }] }, 'M_MISSING_PARAM'],
    ['the creator among the invited', { invite: [alice] }, 'M_INVALID_ROOM_STATE'],
    ['levels that take the creator their own power', { room_version: '11', name: 'x', power_level_content_override: { users: {}, events: { 'm.room.name': 50 } } }, 'M_INVALID_ROOM_STATE'], // prettier-ignore
    ['a creator in users', { power_level_content_override: { users: { [alice]: 100 } } }, 'M_INVALID_ROOM_STATE'],
    ['creators that are none', { creation_content: { additional_creators: ['bob'] } }, 'M_INVALID_ROOM_STATE'],
    ['a second create event', { initial_state: [{ type: 'm.room.create', content: {} }] }, 'M_INVALID_ROOM_STATE'],
    ['a number that no event may hold', { creation_content: { x: 1.5 } }, 'M_BAD_JSON'],
    ['more than fits into an event', { topic: 'x'.repeat(70_000) }, 'M_TOO_LARGE'],
  ];
  for (const [name, wish, expected] of wrong) {
    it(`refuses ${name}: ${expected}`, async () => {
      const before = await countRooms();
      const { creation, names } = build();
      expect(await creation.create(alice, wish).catch(code)).to.equal(expected);
      expect(await countRooms()).to.equal(before);
      expect(names.size).to.equal(0);
    });
  }

  it('refuses a name that is taken', async () => {
    const { creation } = build();
    await creation.create(alice, { room_alias_name: 'one' });
    expect(await creation.create(alice, { room_alias_name: 'one' }).catch(code)).to.equal('M_ROOM_IN_USE');
  });

  it('asks everybody, and then says who refused', async () => {
    const { creation, invited } = build();
    const wish = { invite: [UserId.parse('@no:b.test'), carol] };
    expect(await creation.create(alice, wish).catch(code)).to.equal('M_INVITE_BLOCKED');
    expect(invited).to.have.length(2);
  });
});
