/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */
import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

const LIST = '/_matrix/client/v3/publicRooms';

/** https://spec.matrix.org/latest/client-server-api/#published-room-directory */
describe('published rooms', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    alice = await network.person('alice', 'a.test');
    carol = await network.person('carol', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const search = (who: Person, body: object = {}, query = ''): Promise<any> =>
    who.ask('POST', `/publicRooms${query}`, body);
  /** Rooms of this test only. */
  const named = async (who: Person, term: string, more: object = {}, query = ''): Promise<any> =>
    search(who, { ...more, filter: { generic_search_term: term, ...(more as any).filter } }, query);
  const idsOf = ({ chunk }: any): string[] => chunk.map(({ room_id }: any) => room_id);
  const publish = (who: Person, room: string, visibility?: string) =>
    who.request(
      'PUT',
      `/directory/list/room/${encodeURIComponent(room)}`,
      visibility === undefined ? {} : { visibility },
    );

  it('are told with what they look like now', async () => {
    const room = await alice.createRoom({
      visibility: 'public',
      name: 'Alpha Garden',
      topic: 'of roses',
      room_alias_name: 'alpha',
      initial_state: [
        { type: 'm.room.avatar', content: { url: 'mxc://a.test/rose' } },
        { type: 'm.room.history_visibility', content: { history_visibility: 'world_readable' } },
        { type: 'm.room.guest_access', content: { guest_access: 'can_join' } },
      ],
    });
    const expected = {
      room_id: room,
      name: 'Alpha Garden',
      topic: 'of roses',
      canonical_alias: '#alpha:a.test',
      avatar_url: 'mxc://a.test/rose',
      num_joined_members: 1,
      world_readable: true,
      guest_can_join: true,
      join_rule: 'public',
    };
    expect((await named(alice, 'alpha garden')).chunk).to.deep.equal([expected]);
    await bob.join(room, ['a.test']);
    await alice.setState(room, ['m.room.topic', ''], { topic: 'of thorns' });
    const { chunk } = await named(alice, 'alpha garden');
    expect(chunk).to.deep.equal([{ ...expected, topic: 'of thorns', num_joined_members: 2 }]);
  });

  it('are found by name, topic and alias, without regard to case and accents', async () => {
    const room = await alice.createRoom({
      visibility: 'public',
      name: 'Café Zürich',
      topic: 'Bohnen',
      room_alias_name: 'kaffee',
    });
    for (const term of ['CAFE ZUR', 'bohn', '#KAFFEE:a', 'é z']) {
      expect(idsOf(await named(alice, term)), term).to.deep.equal([room]);
    }
    expect(idsOf(await named(alice, 'tee zürich'))).to.deep.equal([]);
  });

  it('are found no more by words that have been taken back', async () => {
    const room = await alice.createRoom({ visibility: 'public' });
    const event = await alice.setState(room, ['m.room.name', ''], { name: 'Slanderous' });
    expect(idsOf(await named(alice, 'slanderous'))).to.deep.equal([room]);
    await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(event)}/t1`, {});
    await network.settle();
    expect(idsOf(await named(alice, 'slanderous'))).to.deep.equal([]);
  });

  it('come largest first, page by page and back', async () => {
    const rooms: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      rooms.push(await alice.createRoom({ visibility: 'public', name: `Pagination ${count}` }));
    }
    await carol.join(rooms[3]!);
    await bob.join(rooms[3]!, ['a.test']);
    await carol.join(rooms[1]!);
    const all = await named(alice, 'pagination');
    const rest = [rooms[0]!, rooms[2]!, rooms[4]!].sort();
    expect(idsOf(all)).to.deep.equal([rooms[3], rooms[1], ...rest]);
    expect(all.total_room_count_estimate).to.equal(5);
    expect(all).not.to.have.any.keys('next_batch', 'prev_batch');

    const first = await named(alice, 'pagination', { limit: 2 });
    const second = await named(alice, 'pagination', { limit: 2, since: first.next_batch });
    const third = await named(alice, 'pagination', { limit: 2, since: second.next_batch });
    expect([first, second, third].flatMap(idsOf)).to.deep.equal(idsOf(all));
    expect(first).not.to.have.property('prev_batch');
    expect(third).not.to.have.property('next_batch');
    const back = await named(alice, 'pagination', { limit: 2, since: third.prev_batch });
    expect(idsOf(back)).to.deep.equal(idsOf(second));
    const start = await named(alice, 'pagination', { limit: 2, since: back.prev_batch });
    expect(idsOf(start)).to.deep.equal(idsOf(first));
    expect(start).not.to.have.property('prev_batch');
    const bad = await alice.request('POST', '/publicRooms', { since: 'nonsense' });
    expect([bad.status, bad.body.errcode]).to.deep.equal([400, 'M_INVALID_PARAM']);
  });

  it('are told apart by type', async () => {
    const room = await alice.createRoom({ visibility: 'public', name: 'Typed room' });
    const space = await alice.createRoom({
      visibility: 'public',
      name: 'Typed space',
      creation_content: { type: 'm.space' },
    });
    const of = async (...room_types: (string | null)[]) =>
      idsOf(await named(alice, 'typed', { filter: { room_types } }));
    expect(await of(null)).to.deep.equal([room]);
    expect(await of('m.space')).to.deep.equal([space]);
    expect(await of('m.space', null)).to.have.members([room, space]);
    expect(await of()).to.deep.equal([]);
  });

  it('are published and withdrawn by those who may set the main alias', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', name: 'Changing minds' });
    await carol.join(room);
    const visibility = async () =>
      (await call('GET', `${alice.home.url}/_matrix/client/v3/directory/list/room/${encodeURIComponent(room)}`)).body;
    expect(await visibility()).to.deep.equal({ visibility: 'private' });
    expect((await publish(carol, room)).status).to.equal(403);
    expect(idsOf(await named(carol, 'changing minds'))).to.deep.equal([]);
    expect((await publish(alice, room)).status).to.equal(200);
    expect(await visibility()).to.deep.equal({ visibility: 'public' });
    expect(idsOf(await named(carol, 'changing minds'))).to.deep.equal([room]);
    expect((await publish(carol, room, 'private')).status).to.equal(403);
    expect((await publish(alice, room, 'private')).status).to.equal(200);
    expect(idsOf(await named(carol, 'changing minds'))).to.deep.equal([]);
    const unknown = await publish(alice, '!unknown:a.test');
    expect([unknown.status, unknown.body.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
    expect((await publish(alice, room, 'secret')).status).to.equal(400);
  });

  it('are not shown when nobody of ours is in them, when they close, and while they are blocked', async () => {
    const left = await bob.createRoom({ visibility: 'public', name: 'Vanishing left' });
    await alice.join(left, ['b.test']);
    await network.settle();
    expect(idsOf(await named(bob, 'vanishing'))).to.deep.equal([left]);
    await bob.leave(left);
    expect(idsOf(await named(bob, 'vanishing'))).to.deep.equal([]);

    const closed = await alice.createRoom({ visibility: 'public', name: 'Closing' });
    expect(idsOf(await named(alice, 'closing'))).to.deep.equal([closed]);
    await alice.setState(closed, ['m.room.join_rules', ''], { join_rule: 'invite' });
    expect(idsOf(await named(alice, 'closing'))).to.deep.equal([]);
    await alice.setState(closed, ['m.room.join_rules', ''], { join_rule: 'knock' });
    expect(idsOf(await named(alice, 'closing'))).to.deep.equal([closed]);
    const { engine } = network.server('a.test').running.services.rooms;
    await engine.holds.put(
      { roomId: closed as never, kind: 'blocked', readable: true, reason: undefined },
      alice.userId,
    );
    expect(idsOf(await named(alice, 'closing'))).to.deep.equal([]);
  });

  it('stay published when they are replaced', async () => {
    const room = await alice.createRoom({ visibility: 'public', name: 'Replaceable', room_version: '10' });
    const { replacement_room: next } = await alice.ask('POST', `${pathOf(room)}/upgrade`, { new_version: '12' });
    expect(idsOf(await named(alice, 'replaceable'))).to.deep.equal([next]);
  });

  it('of another server are asked for there, and remembered for a moment', async () => {
    const room = await alice.createRoom({ visibility: 'public', name: 'Faraway' });
    const remote = await named(bob, 'faraway', {}, '?server=a.test');
    expect(remote).to.deep.equal(await named(alice, 'faraway'));
    expect(idsOf(remote)).to.deep.equal([room]);
    expect(idsOf(await named(bob, 'faraway'))).to.deep.equal([]);
    await publish(alice, room, 'private');
    expect(idsOf(await named(bob, 'faraway', {}, '?server=a.test'))).to.deep.equal([room]);
    await network.retry();
    expect(idsOf(await named(bob, 'faraway', {}, '?server=a.test'))).to.deep.equal([]);
    const gone = await bob.request('GET', '/publicRooms?server=nowhere.test');
    expect([gone.status, gone.body.errcode]).to.deep.equal([502, 'M_UNKNOWN']);
    for (const body of [{ since: 'x\ud800' }, { filter: { generic_search_term: 'x\ud800' } }]) {
      const unreadable = await bob.request('POST', '/publicRooms?server=a.test', body);
      expect([unreadable.status, unreadable.body.errcode]).to.deep.equal([400, 'M_BAD_JSON']);
    }
  });

  it('are shown without a token, but not searched', async () => {
    const list = await call('GET', `${alice.home.url}${LIST}?limit=1`);
    expect(list.status).to.equal(200);
    expect(list.body.chunk).to.have.length(1);
    expect((await call('POST', `${alice.home.url}${LIST}`, { body: {} })).status).to.equal(401);
  });

  it('of bridged networks have lists of their own', async () => {
    const room = await alice.createRoom({ name: 'Bridged', preset: 'public_chat' });
    await network.server('a.test').rows(sql`
      INSERT INTO published_rooms VALUES (${room}, 'irc-freenode', ${alice.userId}, 0)`);
    expect(idsOf(await named(alice, 'bridged'))).to.deep.equal([]);
    expect(idsOf(await named(alice, 'bridged', { third_party_instance_id: 'irc-freenode' }))).to.deep.equal([room]);
    expect(idsOf(await named(bob, 'bridged', { include_all_networks: true }, '?server=a.test'))).to.deep.equal([room]);
    const both = { third_party_instance_id: 'irc-freenode', include_all_networks: true };
    expect((await alice.request('POST', '/publicRooms', both)).status).to.equal(400);
  });
});

describe('a directory that is closed', () => {
  let network: TestNetwork;
  before(async () => {
    const directory = { publishing: 'administrators', anonymous: false, over_federation: false };
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], config: { directory } });
  });
  after(() => network[Symbol.asyncDispose]());

  it('is shown neither to strangers nor to other servers, and lists only what administrators publish', async () => {
    const alice = await network.person('alice', 'a.test');
    const bob = await network.person('bob', 'b.test');
    expect((await call('GET', `${alice.home.url}${LIST}`)).body.errcode).to.equal('M_MISSING_TOKEN');
    expect((await alice.request('GET', '/publicRooms')).status).to.equal(200);
    expect((await bob.request('GET', '/publicRooms?server=a.test')).body.errcode).to.equal('M_FORBIDDEN');
    expect((await alice.request('POST', '/createRoom', { visibility: 'public' })).body.errcode).to.equal('M_FORBIDDEN');
    const room = await alice.createRoom();
    const path = `/directory/list/room/${encodeURIComponent(room)}`;
    expect((await alice.request('PUT', path, { visibility: 'public' })).body.errcode).to.equal('M_FORBIDDEN');
    await network.server('a.test').rows(sql`UPDATE accounts SET admin = true WHERE user_id = ${alice.userId}`);
    expect((await alice.request('PUT', path, { visibility: 'public' })).status).to.equal(200);
    expect((await alice.ask('GET', '/publicRooms')).chunk).to.have.length(1);
  });
});
