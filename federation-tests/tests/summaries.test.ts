/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */
import { expect } from 'chai';
import { type Answer, call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

/** https://spec.matrix.org/latest/client-server-api/#get_matrixclientv1room_summaryroomidoralias */
describe('summaries of rooms', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const at = (home: Person, path: string, token?: string): Promise<Answer> =>
    call('GET', `${home.home.url}/_matrix/client${path}`, token === undefined ? {} : { token });
  const summary = (who: Person, room: string, query = '') =>
    at(who, `/v1/room_summary/${encodeURIComponent(room)}?${query}`, who.token);

  it('say what a room is like, here and from elsewhere, by id and by alias', async () => {
    const room = await alice.createRoom({
      preset: 'public_chat',
      name: 'Cheese',
      topic: 'Tasty',
      room_alias_name: 'cheese',
      initial_state: [{ type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
    });
    const expected = {
      room_id: room,
      name: 'Cheese',
      topic: 'Tasty',
      canonical_alias: '#cheese:a.test',
      num_joined_members: 1,
      world_readable: false,
      guest_can_join: false,
      join_rule: 'public',
      room_version: '12',
      encryption: 'm.megolm.v1.aes-sha2',
    };
    expect((await summary(alice, room)).body).to.deep.equal({ ...expected, membership: 'join' });
    for (const [name, via] of [
      [room, 'via=nowhere.test&via=a.test'],
      ['#cheese:a.test', ''],
    ] as const) {
      expect((await summary(bob, name, via)).body).to.deep.equal({ ...expected, membership: 'leave' });
    }
    expect((await at(alice, `/v1/room_summary/${encodeURIComponent(room)}`)).body).to.deep.equal(expected);
    // Element Call and bridges look for these two names there.
    const former = { 'im.nheko.summary.encryption': 'm.megolm.v1.aes-sha2', 'im.nheko.summary.room_version': '12' };
    for (const path of [
      `/unstable/im.nheko.summary/summary/${encodeURIComponent(room)}`,
      `/unstable/im.nheko.summary/rooms/${encodeURIComponent('#cheese:a.test')}/summary`,
    ]) {
      expect((await at(alice, path)).body, path).to.deep.equal({ ...expected, ...former });
    }
  });

  it('are not there for rooms that one may not know of', async () => {
    const secret = await alice.createRoom({ preset: 'private_chat' });
    const answers = [
      await summary(bob, secret, 'via=a.test'),
      await summary(bob, '!none:a.test', 'via=a.test'),
      await summary(await network.person('dora', 'a.test'), secret),
      await at(alice, `/v1/room_summary/${encodeURIComponent(secret)}`),
      await at(bob, `/v1/room_summary/${encodeURIComponent(secret)}?via=a.test`),
      await summary(bob, '#none:a.test'),
    ];
    for (const { status, body } of answers) expect([status, body.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
    expect((await summary(alice, secret)).body.membership).to.equal('join');
    expect((await summary(bob, 'nonsense')).status).to.equal(400);
  });

  it('are there for the invited, who need not say where the room is', async () => {
    const secret = await alice.createRoom({ preset: 'private_chat', name: 'Secret' });
    await alice.invite(secret, bob);
    await network.settle();
    expect((await summary(bob, secret)).body).to.include({ name: 'Secret', membership: 'invite', join_rule: 'invite' });
  });

  it('tell members of a club of the rooms that are for them, and nobody without a token', async () => {
    const club = await alice.createRoom();
    const allow = [{ type: 'm.room_membership', room_id: club }];
    const room = await alice.createRoom({
      initial_state: [{ type: 'm.room.join_rules', content: { join_rule: 'restricted', allow } }],
    });
    expect((await summary(bob, room, 'via=a.test')).status).to.equal(404);
    await bob.join(club, ['a.test']);
    await network.settle();
    for (let count = 0; count < 3; count += 1) await network.retry();
    const { body } = await summary(bob, room, 'via=a.test');
    expect(body).to.deep.include({ join_rule: 'restricted', allowed_room_ids: [club] });
    expect((await at(bob, `/v1/room_summary/${encodeURIComponent(room)}?via=a.test`)).status).to.equal(404);
  });

  it('lead into a space that one has found in this way', async () => {
    const space = await alice.createRoom({ preset: 'public_chat', creation_content: { type: 'm.space' } });
    const path = `/v1/rooms/${encodeURIComponent(space)}/hierarchy`;
    expect((await at(bob, path, bob.token)).status).to.equal(403);
    await summary(bob, space, 'via=a.test');
    const { body }: any = await at(bob, path, bob.token);
    expect(body.rooms.map(({ room_id }: any) => room_id)).to.deep.equal([space]);
  });
});
