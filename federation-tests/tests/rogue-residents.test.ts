import { isRefused, parsePdu } from '@holm/homeserver/core/events/parse-pdu';
import type { Event } from '@holm/homeserver/core/events/event';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { openDoor, rogueRoomOf } from '../src/rogue-host.ts';
import { resealed, RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

const federation = '/_matrix/federation/v1';

describe('a server that lets people in, and lies', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test']));
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'b.test')]);
  });
  beforeEach(() => rogue.answers.set(`${federation}/send/`, () => ({ status: 200, body: { pdus: {} } })));
  afterEach(() => rogue.answers.clear());
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  for (const version of ['1', '10']) {
    it(`cannot say something else in the name of who joins, in version ${version}`, async () => {
      const door = rogueRoomOf(rogue, version);
      openDoor(rogue, door, (join) => {
        const content = { ...(join.pdu.content as object), displayname: 'a fool' };
        // Where the id is a hash, it covers what a redacted event says, and nothing more.
        const resealing = { version: door.version, signer: rogue.signer };
        return { event: version === '1' ? resealed(join.pdu, { content }, resealing) : { ...join.pdu, content } };
      });
      await alice.join(door.roomId, ['rogue.test']);
      const own = await alice.stateAt(door.roomId, ['m.room.member', alice.userId]);
      expect(own.displayname).not.to.equal('a fool');
      const stored = await network.server('a.test').running.services.rooms.engine.rooms.byId(door.roomId as never);
      const member = await network
        .server('a.test')
        .running.services.rooms.engine.states.get(stored!, stored!.head!.snapshot, ['m.room.member', alice.userId]);
      expect(member?.event.pdu.signatures).to.have.property('a.test');
    });
  }

  it('cannot turn a room back in which others of the server are', async () => {
    const club = await bob.createRoom();
    const room = await bob.createRoom({ preset: 'public_chat', name: 'Before', room_version: '10' });
    const mole = await RogueRoom.join(rogue, network.server('b.test'), room);
    await alice.join(room, ['b.test']);
    const content = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: club }] };
    await bob.setState(room, ['m.room.power_levels', ''], { users: { [bob.userId]: 100 }, invite: 50 });
    await bob.setState(room, ['m.room.join_rules', ''], content);
    await bob.setState(room, ['m.room.name', ''], { name: 'After' });
    const carol = await network.person('carol', 'a.test');
    await carol.join(club, ['b.test']);
    await network.settle();
    const before = await alice.state(room);
    const state = (mole.answer.state as unknown[])
      .map((pdu) => parsePdu(pdu, mole.version))
      .filter((event): event is Event => !isRefused(event));
    const { roomId, version, last } = mole;
    openDoor(rogue, { roomId, version, last, state: [...state, last] });
    const joining = await carol.request('POST', `/join/${encodeURIComponent(room)}?via=rogue.test`, {});
    await network.settle();
    expect(joining.status).to.be.oneOf([403, 502, 200]);
    const { [`m.room.member ${carol.userId}`]: _, ...after } = await alice.state(room);
    expect(after).to.eql(before);
    expect((await alice.stateAt(room, ['m.room.name', ''])).name).to.equal('After');
    expect(await bob.state(room)).to.eql(await alice.state(room));
  });
});
