import { expect } from 'chai';
import type { Json } from '@holm/spec/json';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

const federation = '/_matrix/federation';
const enc = encodeURIComponent;

/** Servers in Go write a list that was never begun as null, and others pass on what a client has said. */
describe('null in what servers say', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    alice = await network.person('alice', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const ask = (method: string, path: string, body: Json) =>
    rogue.send(network.server('a.test'), method, federation + path, body);

  it('is all devices of a user', async () => {
    const { status, body } = await ask('POST', '/v1/user/keys/query', { device_keys: { [alice.userId]: null } });
    expect([status, body.device_keys]).to.eql([200, { [alice.userId]: {} }]);
  });

  it('is no filter for rooms, and none within it', async () => {
    for (const filter of [null, { generic_search_term: null, room_types: null }]) {
      const { status } = await ask('POST', '/v1/publicRooms', { filter, since: null });
      expect(status).to.equal(200);
    }
  });

  it('is nothing told with an invitation', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', room_version: '11' });
    const inside = await RogueRoom.join(rogue, network.server('a.test'), room);
    const guest = await network.person('guest', 'a.test');
    const invite = inside.event({
      type: 'm.room.member', stateKey: guest.userId, content: { membership: 'invite', reason: null },
    }); // prettier-ignore
    const { status, body } = await ask('PUT', `/v2/invite/${enc(room)}/${enc(invite.eventId)}`, {
      room_version: '11',
      event: invite.pdu,
      invite_room_state: null,
    });
    expect([status, body.event?.content]).to.eql([200, invite.content]);
  });

  it('is no event, and nothing that one has', async () => {
    const { status } = await ask('PUT', '/v1/send/nothing', { origin: rogue.name, pdus: null, edus: null });
    expect(status).to.equal(200);
    const room = await alice.createRoom({ preset: 'public_chat' });
    const inside = await RogueRoom.join(rogue, network.server('a.test'), room);
    const missing = await ask('POST', `/v1/get_missing_events/${enc(room)}`, {
      latest_events: [inside.last.eventId],
      earliest_events: null,
      limit: null,
    });
    expect(missing.status).to.equal(200);
    expect(missing.body.events).not.to.eql([]);
  });

  it('is no further page of a directory', async () => {
    rogue.answers.set(`${federation}/v1/publicRooms`, () => ({
      status: 200,
      body: { chunk: [], next_batch: null, prev_batch: null, total_room_count_estimate: 0 },
    }));
    const { status, body } = await alice.request('GET', '/publicRooms?server=rogue.test');
    expect([status, body]).to.eql([200, { chunk: [], total_room_count_estimate: 0 }]);
  });
});
