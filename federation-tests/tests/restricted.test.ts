import { expect } from 'chai';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

/** https://spec.matrix.org/latest/server-server-api/#restricted-rooms */
describe('rooms for the members of other rooms', () => {
  let network: TestNetwork;
  let stranger: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    stranger = await Rogue.start('stranger.test', new ManualClock());
    network = await TestNetwork.with({
      names: ['a.test', 'b.test'],
      strangers: { 'stranger.test': stranger.url },
    });
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await stranger[Symbol.asyncDispose]();
  });

  const roomFor = (owner: Person, ...clubs: string[]): Promise<string> => {
    const allow = clubs.map((room_id) => ({ type: 'm.room_membership', room_id }));
    const content = { join_rule: 'restricted', allow };
    return owner.createRoom({ initial_state: [{ type: 'm.room.join_rules', state_key: '', content }] });
  };

  /** What a server is told that wants to join somebody who is in no other room. */
  const refusal = async (room: string): Promise<[number, string]> => {
    const user = encodeURIComponent('@nobody:stranger.test');
    const uri = `/_matrix/federation/v1/make_join/${encodeURIComponent(room)}/${user}?ver=12`;
    const { status, body } = await stranger.send(network.server('a.test'), 'GET', uri);
    return [status, body.errcode];
  };

  it('let their members in, whom somebody inside vouches for', async () => {
    const club = await alice.createRoom();
    const room = await roomFor(alice, club);
    await bob.join(club, ['a.test']);
    await bob.join(room, ['a.test']);
    await network.settle();
    const member = await alice.stateAt(room, ['m.room.member', bob.userId]);
    expect(member).to.include({ membership: 'join', join_authorised_via_users_server: alice.userId });
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
  });

  it('refuse others outright, where all the conditions can be checked', async () => {
    const room = await roomFor(alice, await alice.createRoom());
    expect(await refusal(room)).to.deep.equal([403, 'M_FORBIDDEN']);
    expect((await bob.request('POST', `/join/${room}?via=a.test`, {})).status).to.equal(403);
  });

  it('leave it to other servers, where some of the conditions cannot be checked', async () => {
    const room = await roomFor(alice, await alice.createRoom(), '!elsewhere:c.test');
    expect(await refusal(room)).to.deep.equal([400, 'M_UNABLE_TO_AUTHORISE_JOIN']);
  });

  it('leave it to other servers, where nobody of this one may let anybody in', async () => {
    const club = await alice.createRoom();
    await bob.join(club, ['a.test']);
    const { user } = await RogueRoom.join(stranger, network.server('a.test'), club);
    const content = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: club }] };
    const room = await bob.createRoom({
      initial_state: [{ type: 'm.room.join_rules', state_key: '', content }],
      power_level_content_override: { invite: 50 },
    });
    await alice.join(room, ['b.test']);
    await network.settle();
    const uri = `/_matrix/federation/v1/make_join/${encodeURIComponent(room)}/${encodeURIComponent(user)}?ver=12`;
    const { status, body } = await stranger.send(network.server('a.test'), 'GET', uri);
    expect([status, body.errcode]).to.deep.equal([400, 'M_UNABLE_TO_GRANT_JOIN']);
    // The next server that is asked may.
    const { body: template } = await stranger.send(network.server('b.test'), 'GET', uri);
    expect(template.event.content.join_authorised_via_users_server).to.equal(bob.userId);
  });

  it('do not take the word of a server that has left the room in question', async () => {
    const club = await bob.createRoom();
    await alice.join(club, ['b.test']);
    const room = await roomFor(alice, club);
    expect(await refusal(room)).to.deep.equal([403, 'M_FORBIDDEN']);
    await alice.leave(club);
    await network.settle();
    expect(await refusal(room)).to.deep.equal([400, 'M_UNABLE_TO_AUTHORISE_JOIN']);
  });
});
