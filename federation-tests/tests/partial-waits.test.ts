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
});
