import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

describe('what waits until all of a room is known', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let room: string;
  let release: () => void;

  beforeEach(async () => {
    rogue = await Rogue.start('rogue.test', new ManualClock());
    network = await TestNetwork.with({
      names: ['a.test', 'b.test', 'c.test'],
      config: { rooms: { omit_members_from: 1 } },
      strangers: { 'rogue.test': rogue.url },
    });
    rogue.answers.set('/_matrix/federation/v1/send/', () => ({ status: 200, body: { pdus: {} } }));
    [alice, bob, carol] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('bob', 'b.test'),
      network.person('carol', 'c.test'),
    ]);
    room = await alice.createRoom({
      preset: 'public_chat',
      name: 'Large',
      room_version: '10',
      power_level_content_override: { users: { [alice.userId]: 100, [bob.userId]: 100 }, invite: 0 },
    });
    await RogueRoom.join(rogue, network.server('a.test'), room);
    await alice.ban(room, carol);
    await network.settle();
    const { promise, resolve } = Promise.withResolvers<void>();
    release = resolve;
    const { remote } = rooms();
    const state = remote.state.bind(remote);
    remote.state = async (...args) => {
      await promise;
      return state(...args);
    };
    await bob.join(room, ['a.test']);
    expect(rooms().engine.partial.all().length).to.equal(1);
  });
  afterEach(async () => {
    release();
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });
  const rooms = () => network.server('b.test').running.services.rooms;
  /** Long enough for what does not wait. */
  const soon = () => new Promise((resolve) => setTimeout(resolve, 200));

  it('is an invite of somebody of another server, who may be banned', async () => {
    const inviting = bob.request('POST', `${pathOf(room)}/invite`, { user_id: carol.userId });
    await soon();
    release();
    expect((await inviting).status).to.equal(403);
  });

  it('is an upgrade, which carries the bans over', async () => {
    const upgrading = bob.request('POST', `${pathOf(room)}/upgrade`, { new_version: '11' });
    await soon();
    release();
    const { body } = await upgrading;
    const member = await bob.stateAt(body.replacement_room as string, ['m.room.member', carol.userId]);
    expect(member.membership).to.equal('ban');
  });

  it('is the word of this server on whether somebody is in it', async () => {
    const content = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: room }] };
    const inner = await bob.createRoom({ initial_state: [{ type: 'm.room.join_rules', state_key: '', content }] });
    const user = encodeURIComponent('@mallory:rogue.test');
    const uri = `/_matrix/federation/v1/make_join/${encodeURIComponent(inner)}/${user}?ver=12`;
    const early = await rogue.send(network.server('b.test'), 'GET', uri);
    expect([early.status, early.body.errcode]).to.eql([400, 'M_UNABLE_TO_AUTHORISE_JOIN']);
    release();
    await network.settle();
    expect((await rogue.send(network.server('b.test'), 'GET', uri)).status).to.equal(200);
  });

  it('is a kick or an unban, which go by what somebody is', async () => {
    const act = (verb: string, user_id: string) => bob.request('POST', `${pathOf(room)}/${verb}`, { user_id });
    const acting = [act('kick', '@mallory:rogue.test'), act('unban', carol.userId), act('kick', '@nobody:rogue.test')];
    await soon();
    release();
    expect((await Promise.all(acting)).map(({ status }) => status)).to.eql([200, 200, 403]);
    await network.settle();
    const members = await alice.members(room);
    expect([members['@mallory:rogue.test'], members[carol.userId]]).to.eql(['leave', 'leave']);
  });

  it('is not a ban, which is one whatever was before', async () => {
    const banned = await bob.request('POST', `${pathOf(room)}/ban`, { user_id: '@mallory:rogue.test' });
    expect(banned.status).to.equal(200);
    expect(rooms().engine.partial.all().length).to.equal(1);
    await alice.view.until('the ban', ({ joined }) => {
      return joined.get(room)?.state.get('m.room.member @mallory:rogue.test')?.membership === 'ban';
    });
    release();
    await network.settle();
    expect(await bob.state(room)).to.eql(await alice.state(room));
  });

  it('is not somebody else of this server who joins: the server that let the first one in is asked', async () => {
    const dave = await network.person('dave', 'b.test');
    const banned = await network.person('banned', 'b.test');
    await alice.ban(room, banned);
    expect((await banned.request('POST', `/join/${encodeURIComponent(room)}`, {})).status).to.equal(403);
    await dave.join(room);
    await dave.say(room, 'here I am');
    await alice.view.untilMessage(room, 'here I am');
    await bob.view.untilMessage(room, 'here I am');
    await alice.say(room, 'welcome');
    await dave.view.untilMessage(room, 'welcome');
    expect(rooms().engine.partial.all().length).to.equal(1);
    release();
    await network.settle();
    expect(await dave.state(room)).to.eql(await alice.state(room));
  });

  it('is somebody else of this server who joins, when nobody else can be asked', async () => {
    const dave = await network.person('dave', 'b.test');
    const { features } = network.server('a.test').running.services;
    features.joinAnswers.to = () => Promise.reject(new Error('expected: it cannot'));
    const joining = dave.request('POST', `/join/${encodeURIComponent(room)}`, {});
    await soon();
    release();
    expect((await joining).status).to.equal(200);
  });
});
