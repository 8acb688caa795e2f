/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */
import { expect } from 'chai';
import { type Answer, call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

const search = (who: Person, term: string, limit?: number): Promise<any> =>
  who.ask('POST', '/user_directory/search', { search_term: term, ...(limit !== undefined && { limit }) });
const found = async (who: Person, term: string): Promise<string[]> =>
  (await search(who, term)).results.map(({ user_id }: any) => user_id);
const rename = (who: Person, name: string) =>
  who.ask('PUT', `/profile/${encodeURIComponent(who.userId)}/displayname`, { displayname: name });
const closed = { preset: 'private_chat' };

/** https://spec.matrix.org/latest/client-server-api/#user-directory */
describe('the directory of users', () => {
  let network: TestNetwork;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());

  it('finds those who share a room, by the beginnings of words of their name and id', async () => {
    const [alice, zoe] = [await network.person('alice', 'a.test'), await network.person('zoe', 'b.test')];
    await rename(zoe, 'Zoë Quartz');
    const room = await alice.createRoom(closed);
    expect(await found(alice, 'quartz')).to.deep.equal([]);
    await alice.invite(room, zoe);
    await network.settle();
    expect(await found(alice, 'quartz'), 'invited').to.deep.equal([]);
    await zoe.join(room, ['a.test']);
    await network.settle();
    for (const term of ['QUARTZ', 'zoe qua', 'quar', zoe.userId, zoe.name]) {
      expect(await found(alice, term), term).to.deep.equal([zoe.userId]);
    }
    expect((await search(alice, 'quartz')).results).to.deep.equal([
      { user_id: zoe.userId, display_name: 'Zoë Quartz' },
    ]);
    expect(await found(alice, 'uartz')).to.deep.equal([]);
    expect(await search(alice, ' !? ')).to.deep.equal({ results: [], limited: false });
    await rename(zoe, 'Zoë Opal');
    await network.settle();
    expect(await found(alice, 'quartz')).to.deep.equal([]);
    expect(await found(alice, 'opal')).to.deep.equal([zoe.userId]);
    await zoe.leave(room);
    await network.settle();
    expect(await found(alice, 'opal')).to.deep.equal([]);
  });

  it('does not find those in private rooms of others, but those in public ones', async () => {
    const [alice, bert] = [await network.person('alice', 'a.test'), await network.person('bert', 'a.test')];
    await rename(bert, 'Feldspar');
    await bert.createRoom(closed);
    expect(await found(alice, 'feldspar')).to.deep.equal([]);
    const open = await bert.createRoom({ preset: 'public_chat' });
    expect(await found(alice, 'feldspar')).to.deep.equal([bert.userId]);
    await bert.setState(open, ['m.room.join_rules', ''], { join_rule: 'invite' });
    expect(await found(alice, 'feldspar')).to.deep.equal([]);
    await bert.setState(open, ['m.room.history_visibility', ''], { history_visibility: 'world_readable' });
    expect(await found(alice, 'feldspar')).to.deep.equal([bert.userId]);
    await bert.deactivate();
    await network.settle();
    expect(await found(alice, 'feldspar')).to.deep.equal([]);
  });

  it('does not tell by what name somebody goes in a private room', async () => {
    const [alice, zoe] = [await network.person('alice', 'a.test'), await network.person('zoe', 'b.test')];
    await rename(zoe, 'Granite');
    const open = await alice.createRoom({ preset: 'public_chat' });
    const secret = await alice.createRoom(closed);
    await zoe.join(open, ['a.test']);
    await network.settle();
    expect(await found(alice, 'granite')).to.deep.equal([zoe.userId]);
    await alice.invite(secret, zoe);
    await network.settle();
    await zoe.join(secret, ['a.test']);
    await zoe.setState(secret, ['m.room.member', zoe.userId], { membership: 'join', displayname: 'Masquerade' });
    await network.settle();
    expect(await found(alice, 'masquerade')).to.deep.equal([]);
    expect(await found(alice, 'granite')).to.deep.equal([zoe.userId]);
  });

  it('puts whole words first, and says when there are more', async () => {
    const alice = await network.person('alice', 'a.test');
    const people = [];
    for (const name of ['Basalti', 'Basaltic', 'Basalt']) {
      const person = await network.person('p', 'a.test');
      await rename(person, name);
      await person.createRoom({ preset: 'public_chat' });
      people.push(person.userId);
    }
    expect((await found(alice, 'basalt'))[0]).to.equal(people[2]);
    const two = await search(alice, 'basalt', 2);
    expect([two.results.length, two.limited]).to.deep.equal([2, true]);
    expect((await search(alice, 'basalt', 3)).limited).to.equal(false);
  });

  it('knows everybody again after a restart, and what it learnt before', async () => {
    const [alice, bert] = [await network.person('alice', 'a.test'), await network.person('bert', 'a.test')];
    await rename(bert, 'Schist');
    await bert.createRoom({ preset: 'public_chat' });
    await network.settle();
    await network.stop('a.test');
    await network.start('a.test');
    expect(await found(alice, 'schist')).to.deep.equal([bert.userId]);
  });

  it('may find everybody who has an account', async () => {
    await using other = await TestNetwork.with({
      names: ['a.test'],
      config: { directory: { search_all_users: true } },
    });
    const [alice, bert] = [await other.person('alice', 'a.test'), await other.person('bert', 'a.test')];
    expect(await found(alice, 'bert')).to.deep.equal([bert.userId]);
    await rename(bert, 'Gneiss');
    await other.settle();
    expect(await found(alice, 'gneiss')).to.deep.equal([bert.userId]);
    await bert.deactivate();
    await other.settle();
    expect(await found(alice, 'bert')).to.deep.equal([]);
  });
});

/** https://spec.matrix.org/latest/client-server-api/#mutual-rooms */
describe('mutual rooms', () => {
  let network: TestNetwork;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());

  const mutual = (who: Person, query: string): Promise<Answer> =>
    call('GET', `${who.home.url}/_matrix/client/v1/mutual_rooms?${query}`, { token: who.token });
  const of = (other: Person) => `user_id=${encodeURIComponent(other.userId)}`;

  it('are those that both are in', async () => {
    const [alice, bob] = [await network.person('alice', 'a.test'), await network.person('bob', 'b.test')];
    const rooms = [await alice.createRoom(), await alice.createRoom(), await alice.createRoom()];
    await bob.join(rooms[0]!, ['a.test']);
    await bob.join(rooms[1]!, ['a.test']);
    await alice.invite(rooms[2]!, bob);
    await network.settle();
    for (const [one, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const { body } = await mutual(one, of(other));
      expect(body).to.deep.equal({ joined: [rooms[0]!, rooms[1]!].sort(), count: 2 });
    }
    await bob.leave(rooms[0]!);
    await network.settle();
    expect((await mutual(alice, of(bob))).body).to.deep.equal({ joined: [rooms[1]], count: 1 });
    expect((await mutual(alice, 'user_id=@nobody:nowhere.test')).body).to.deep.equal({ joined: [], count: 0 });
  });

  it('cannot be asked for with oneself, or with what is no user', async () => {
    const alice = await network.person('alice', 'a.test');
    for (const query of [
      of(alice),
      'user_id=alice',
      `user_id=${encodeURIComponent('@ä:a.test')}`,
      `${of(alice)}&from=x`,
    ]) {
      const { status, body } = await mutual(alice, query);
      expect([status, body.errcode], query).to.deep.equal([400, 'M_INVALID_PARAM']);
    }
    expect((await mutual(alice, '')).status).to.equal(400);
    expect((await mutual(alice, 'user_id=@b:b.test&from=!!')).status).to.equal(400);
  });

  it('come a hundred at a time', async () => {
    const [alice, bert] = [await network.person('alice', 'a.test'), await network.person('bert', 'a.test')];
    const rooms: string[] = [];
    for (let count = 0; count < 102; count += 1) {
      rooms.push(await alice.createRoom({ preset: 'public_chat' }));
      await bert.join(rooms[count]!);
    }
    const first = await mutual(alice, of(bert));
    expect([first.body.joined.length, first.body.count]).to.deep.equal([100, 102]);
    const second = await mutual(alice, `${of(bert)}&from=${first.body.next_batch}`);
    expect([...first.body.joined, ...second.body.joined]).to.deep.equal(rooms.sort());
    expect(second.body).not.to.have.property('next_batch');
    // As matrix-js-sdk does it.
    const { body: versions } = await call('GET', `${alice.home.url}/_matrix/client/versions`);
    expect(versions.unstable_features).to.include({ 'uk.half-shot.msc2666.query_mutual_rooms': true });
    const draft = (query: string): Promise<Answer> =>
      alice.request('GET', `/../unstable/uk.half-shot.msc2666/user/mutual_rooms?${query}`);
    const { joined, next_batch_token: token } = (await draft(of(bert))).body;
    expect(joined).to.eql(first.body.joined);
    expect((await draft(`${of(bert)}&batch_token=${token}`)).body).to.eql({ joined: second.body.joined, count: 102 });
  });
});
