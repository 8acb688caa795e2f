import { signTemplate } from '@holm/homeserver/core/events/build';
import { isRefused } from '@holm/homeserver/core/events/parse-pdu';
import { roomVersion } from '@holm/homeserver/core/rooms/room-version';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import type { Json } from '@holm/spec/json';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';

const enc = encodeURIComponent;
const VERSIONS = ['7', '8', '9', '10', '11', '12'];

/** https://spec.matrix.org/latest/server-server-api/#knocking-rooms */
describe('knocking on rooms of other servers', () => {
  let network: TestNetwork;
  let stranger: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    stranger = await Rogue.start('stranger.test', new ManualClock());
    network = await TestNetwork.with({
      names: ['a.test', 'b.test', 'c.test'],
      strangers: { 'stranger.test': stranger.url },
    });
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    stranger.answers.clear();
    stranger.asked.length = 0;
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await stranger[Symbol.asyncDispose]();
  });

  const roomWith = (join_rule: string, more: object = {}): Promise<string> =>
    alice.createRoom({
      name: 'Den',
      initial_state: [{ type: 'm.room.join_rules', state_key: '', content: { join_rule, allow: [] } }],
      ...more,
    });

  const knockedOn = async (room: string): Promise<void> => {
    await bob.knock(room, ['a.test'], 'let me in');
    await bob.view.until('the knock', ({ knocked }) => knocked.has(room));
  };

  const standing = async (room: string): Promise<string> => (await alice.members(room))[bob.userId] ?? 'none';

  for (const room_version of VERSIONS) {
    it(`shows both sides what they may see, and leads in by an invite, in version ${room_version}`, async () => {
      const room = await roomWith('knock', { room_version });
      await knockedOn(room);
      const told = bob.view.knocked.get(room)!;
      const types = told.map(({ type }) => type);
      expect(types).to.include.members(['m.room.create', 'm.room.join_rules', 'm.room.name', 'm.room.member']);
      for (const event of told) expect(event).to.have.all.keys('type', 'state_key', 'sender', 'content');
      expect(told.find(({ type }) => type === 'm.room.member')).to.deep.include({
        state_key: bob.userId,
        content: { membership: 'knock', reason: 'let me in' },
      });
      await network.settle();
      expect(await standing(room)).to.equal('knock');
      // Whoever starts anew sees the same.
      const again = await (await bob.login()).view.sync();
      expect(again.rooms.knock[room].knock_state.events).to.deep.equal(told);
      await alice.invite(room, bob);
      await bob.view.until('the invite', ({ invited, knocked }) => invited.has(room) && !knocked.has(room));
      await bob.join(room);
      await network.settle();
      expect(await bob.state(room)).to.deep.equal(await alice.state(room));
    });
  }

  for (const verb of ['kick', 'ban'] as const) {
    it(`ends with a ${verb}, which the one who knocked sees`, async () => {
      const room = await roomWith('knock');
      await knockedOn(room);
      await network.settle();
      await alice[verb](room, bob);
      await bob.view.until('the answer', ({ knocked, left }) => !knocked.has(room) && left.has(room));
      await bob.view.sync();
      const again = bob.request('POST', `/knock/${enc(room)}?via=a.test`, {});
      expect((await again).status).to.equal(verb === 'ban' ? 403 : 200);
    });
  }

  it('can be taken back, which the room sees', async () => {
    const room = await roomWith('knock');
    await knockedOn(room);
    await bob.leave(room);
    await network.settle();
    expect(await standing(room)).to.equal('leave');
    await bob.view.until('that it is over', ({ knocked, left }) => !knocked.has(room) && left.has(room));
    await bob.forget(room);
    await knockedOn(room);
  });

  it('is shown to the other servers of the room', async () => {
    const room = await roomWith('knock', { preset: 'private_chat' });
    const carol = await network.person('carol', 'c.test');
    await alice.invite(room, carol);
    await carol.join(room);
    await knockedOn(room);
    await network.settle();
    expect((await carol.members(room))[bob.userId]).to.equal('knock');
  });

  for (const end of ['an invite', 'a kick', 'a change of mind'] as const) {
    it(`goes on where somebody else of the server joins meanwhile, and ends with ${end}`, async () => {
      const room = await roomWith('knock');
      await knockedOn(room);
      const dave = await network.person('dave', 'b.test');
      await alice.invite(room, dave);
      await dave.join(room);
      await network.settle();
      expect((await dave.members(room))[bob.userId]).to.equal('knock');
      await bob.view.sync();
      expect(bob.view.knocked.has(room)).to.equal(true);
      expect((await (await bob.login()).view.sync()).rooms.knock).to.have.property(room);
      if (end === 'an invite') {
        await alice.invite(room, bob);
        await bob.view.until('the invite', ({ invited, knocked }) => invited.has(room) && !knocked.has(room));
        await bob.join(room);
      } else {
        await (end === 'a kick' ? alice.kick(room, bob) : bob.leave(room));
        await bob.view.until('the end of it', ({ knocked, left }) => !knocked.has(room) && left.has(room));
      }
      await network.settle();
      expect(await standing(room)).to.equal(end === 'an invite' ? 'join' : 'leave');
      expect(await dave.state(room)).to.deep.equal(await alice.state(room));
    });
  }

  it('asks one server after the other', async () => {
    const room = await roomWith('knock');
    stranger.answers.set('/_matrix/federation/v1/make_knock', () => ({
      status: 404,
      body: { errcode: 'M_NOT_FOUND' },
    }));
    await bob.knock(room, ['stranger.test', 'c.test', 'a.test']);
    expect(stranger.asked.some((uri) => uri.includes('make_knock'))).to.equal(true);
    await network.settle();
    expect(await standing(room)).to.equal('knock');
  });

  it('works by alias, and where all of our users have left the room', async () => {
    const room = await roomWith('knock', { room_alias_name: 'knockers' });
    await alice.invite(room, bob);
    await bob.join(room, ['a.test']);
    await bob.leave(room);
    await network.settle();
    await alice.setState(room, ['m.room.name', ''], { name: 'Warren' });
    await bob.knock('#knockers:a.test');
    await bob.view.until('the knock', ({ knocked }) => knocked.has(room));
    const name = bob.view.knocked.get(room)!.find(({ type }) => type === 'm.room.name');
    expect(name.content).to.deep.equal({ name: 'Warren' });
  });

  it('is one of two ways into rooms that are open to members of others', async () => {
    const club = await alice.createRoom({ preset: 'public_chat' });
    const allow = [{ type: 'm.room_membership', room_id: club }];
    const content = { join_rule: 'knock_restricted', allow };
    const room = await alice.createRoom({ initial_state: [{ type: 'm.room.join_rules', state_key: '', content }] });
    expect((await bob.request('POST', `/join/${enc(room)}?via=a.test`, {})).status).to.equal(403);
    await knockedOn(room);
    await bob.join(club, ['a.test']);
    await bob.join(room, ['a.test']);
    await network.settle();
    const member = await alice.stateAt(room, ['m.room.member', bob.userId]);
    expect(member).to.deep.include({ membership: 'join', join_authorised_via_users_server: alice.userId });
  });

  const refusals: readonly (readonly [string, string, object, string])[] = [
    ['a room that wants an invitation', 'invite', {}, 'M_FORBIDDEN'],
    ['a room that anybody can join', 'public', {}, 'M_FORBIDDEN'],
    ['a version that has no knocking', 'knock', { room_version: '6' }, 'M_FORBIDDEN'],
    ['a version that has no knock_restricted', 'knock_restricted', { room_version: '9' }, 'M_FORBIDDEN'],
  ];
  for (const [what, rule, more, errcode] of refusals) {
    it(`is refused by ${what}`, async () => {
      const room = await roomWith(rule, more);
      const answer = await bob.request('POST', `/knock/${enc(room)}?via=a.test`, {});
      expect(answer.body.errcode).to.equal(errcode);
      await bob.view.sync();
      expect(bob.view.knocked.has(room)).to.equal(false);
      expect(await standing(room)).to.equal('none');
    });
  }

  it('is refused to who is banned, invited or joined', async () => {
    const room = await roomWith('knock');
    await alice.ban(room, bob);
    await network.settle();
    const knock = async () => (await bob.request('POST', `/knock/${enc(room)}?via=a.test`, {})).status;
    expect(await knock()).to.equal(403);
    await alice.unban(room, bob);
    await alice.invite(room, bob);
    expect(await knock()).to.equal(403);
    await bob.join(room, ['a.test']);
    expect(await knock()).to.equal(403);
  });

  describe('by way of a server that does as it likes', () => {
    const template = (change: object = {}): Json => ({
      type: 'm.room.member',
      room_id: '!den:stranger.test',
      sender: bob.userId,
      state_key: bob.userId,
      content: { membership: 'knock' },
      prev_events: ['$a'],
      auth_events: ['$b'],
      depth: 5,
      ...change,
    });
    const answerWith = (event: Json, told: readonly Json[] = [], room_version = '11') => {
      const { answers } = stranger;
      answers.set('/_matrix/federation/v1/make_knock', () => ({ status: 200, body: { room_version, event } }));
      answers.set('/_matrix/federation/v1/send_knock', () => ({ status: 200, body: { knock_room_state: [...told] } }));
    };
    const knock = () => bob.request('POST', `/knock/${enc('!den:stranger.test')}?via=stranger.test`, {});

    const lies: readonly (readonly [string, object])[] = [
      ['another room', { room_id: '!other:stranger.test' }],
      ['another user', { sender: '@eve:b.test', state_key: '@eve:b.test' }],
      ['another membership', { content: { membership: 'join' } }],
      ['another kind of event', { type: 'm.room.topic' }],
    ];
    for (const [what, change] of lies) {
      it(`signs no template that is for ${what}`, async () => {
        answerWith(template(change));
        expect((await knock()).status).to.equal(502);
        expect(stranger.asked.some((uri) => uri.includes('send_knock'))).to.equal(false);
      });
    }

    it('shows only as much as fits, in the form of stripped state', async () => {
      const entry = (type: string, more: object = {}) => ({
        type,
        sender: '@x:y',
        state_key: '',
        content: {},
        ...more,
      });
      const big = entry('m.room.topic', { content: { topic: 'x'.repeat(200_000) } });
      const told: Json[] = [entry('m.room.name', { extra: 1, unsigned: {} }), 7, { type: 'nothing' }, big];
      told.push(entry('m.room.avatar', { signatures: {}, hashes: {} }));
      answerWith(template(), told);
      expect((await knock()).status).to.equal(200);
      await bob.view.until('the knock', ({ knocked }) => knocked.has('!den:stranger.test'));
      const seen = bob.view.knocked.get('!den:stranger.test')!;
      expect(seen.map(({ type }) => type)).to.deep.equal(['m.room.name', 'm.room.member']);
      expect(seen[0]).to.have.all.keys('type', 'state_key', 'sender', 'content');
    });

    it('is told of no version that we do not know', async () => {
      answerWith(template(), [], '99');
      const { status, body } = await knock();
      expect([status, body.errcode, body.room_version]).to.deep.equal([400, 'M_INCOMPATIBLE_ROOM_VERSION', '99']);
    });
  });

  it('gives other servers only knocks of their own users', async () => {
    const room = await roomWith('knock');
    const ask = (method: string, path: string, body?: Json) =>
      stranger.send(network.server('a.test'), method, `/_matrix/federation/v1${path}`, body);
    const make = (user: string, ver: string) => ask('GET', `/make_knock/${enc(room)}/${enc(user)}?${ver}`);
    const outcome = async (answer: ReturnType<typeof ask>) => [(await answer).status, (await answer).body.errcode];
    expect(await outcome(make(bob.userId, 'ver=12'))).to.deep.equal([403, 'M_FORBIDDEN']);
    expect(await outcome(make('@m:stranger.test', 'ver=7'))).to.deep.equal([400, 'M_INCOMPATIBLE_ROOM_VERSION']);
    const { body } = await make('@m:stranger.test', 'ver=12');
    expect(body.event.content).to.deep.equal({ membership: 'knock' });
    const knock = signTemplate(body.event, roomVersion('12')!, stranger.signer);
    if (isRefused(knock)) throw new Error(knock.refused);
    const send = (eventId: string, pdu: Json) => outcome(ask('PUT', `/send_knock/${enc(room)}/${enc(eventId)}`, pdu));
    const invalid = [400, 'M_INVALID_PARAM'];
    expect(await send('$wrong', knock.pdu)).to.deep.equal(invalid);
    expect(await send(knock.eventId, { ...knock.pdu, signatures: {} })).to.deep.equal(invalid);
    expect(await send(knock.eventId, { ...knock.pdu, type: 'm.room.topic' })).to.deep.equal(invalid);
    expect(Object.keys(await alice.members(room))).to.deep.equal([alice.userId]);
    expect((await alice.request('GET', `${pathOf(room)}/state/m.room.member/@m:stranger.test`)).status).to.equal(404);
  });
});
