import { eventIdOf } from '@holm/homeserver/core/events/hashes';
import { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { resealed, RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

const enc = encodeURIComponent;
const mallory = '@mallory:rogue.test';

/** https://spec.matrix.org/latest/server-server-api/#put_matrixfederationv1inviteroomideventid */
describe('the first version of invitations', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let guest: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    rogue.answers.set('/_matrix/federation/v1/send/', () => ({ status: 200, body: { pdus: {} } }));
    alice = await network.person('alice', 'a.test');
    guest = await network.person('guest', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const send = (event: JsonObject, id: string) =>
    rogue.send(
      network.server('a.test'),
      'PUT',
      `/_matrix/federation/v1/invite/${enc(event['room_id'] as string)}/${enc(id)}`,
      event,
    );
  /** An invitation to a room that only the rogue has. */
  const invitation = async (rooms: number) => {
    const room = await alice.createRoom({ preset: 'public_chat', room_version: '2' });
    const template = await RogueRoom.join(rogue, network.server('a.test'), room);
    const roomId = `!first${rooms}:rogue.test` as typeof template.roomId;
    const sender = UserId.parse(mallory);
    const create = template.event({
      type: 'm.room.create', stateKey: '', sender, authEvents: [], prevEvents: [], roomId,
      content: { room_version: '2', creator: mallory },
    }); // prettier-ignore
    const invite = template.event({
      type: 'm.room.member', stateKey: guest.userId, roomId, content: { membership: 'invite' },
      authEvents: [create.eventId], prevEvents: [create.eventId],
    }); // prettier-ignore
    return { version: template.version, create, invite };
  };

  it('are signed, and shown with what they tell of the room', async () => {
    const { create, invite } = await invitation(1);
    const told = {
      invite_room_state: [
        create.pdu,
        { type: 'm.room.name', state_key: '', sender: mallory, content: { name: 'Den' } },
      ],
    };
    const { status, body } = await send({ ...invite.pdu, unsigned: told }, invite.eventId);
    expect([status, body[0], Object.keys(body[1])]).to.eql([200, 200, ['event']]);
    expect(body[1].event.signatures).to.have.keys('a.test', 'rogue.test');
    expect(body[1].event).to.include({ event_id: invite.eventId, type: 'm.room.member', sender: mallory });
    await guest.view.until('the invitation', ({ invited }) => invited.has(invite.roomId));
    const stripped = guest.view.invited.get(invite.roomId)!;
    expect(stripped.map(({ type }) => type as string)).to.include.members(['m.room.create', 'm.room.member']);
  });

  const wrong: readonly (readonly [string, JsonObject, number])[] = [
    ['that joins', { content: { membership: 'join' } }, 400],
    ['of another type', { type: 'm.room.topic' }, 400],
    ['by somebody of another server', { sender: '@x:nowhere.test' }, 400],
    ['of somebody of another server', { state_key: '@x:rogue.test' }, 400],
    ['of somebody unknown', { state_key: '@unknown:a.test' }, 404],
  ];
  for (const [index, [what, change, status]] of wrong.entries()) {
    it(`are refused under an event ${what}`, async () => {
      const { version, invite } = await invitation(10 + index);
      const event = resealed(invite.pdu, change, { version, signer: rogue.signer });
      const answer = await send(event, eventIdOf(event, version)!);
      expect([answer.status, answer.body.errcode]).to.eql([status, status === 404 ? 'M_NOT_FOUND' : 'M_INVALID_PARAM']);
    });
  }

  it('are given to servers that know no other, for rooms of the first two versions', async () => {
    const given: JsonObject[] = [];
    rogue.answers.set('/_matrix/federation/v1/invite/', (_, sent) => {
      const event = sent as JsonObject;
      given.push(event);
      return { status: 200, body: [200, { event }] };
    });
    for (const version of ['1', '2', '10']) {
      given.length = 0;
      const room = await alice.createRoom({ preset: 'private_chat', room_version: version, name: 'Den' });
      const { status } = await alice.request('POST', `${pathOf(room)}/invite`, { user_id: mallory });
      const isOld = version !== '10';
      expect([version, status === 200, given.length]).to.eql([version, isOld, isOld ? 1 : 0]);
      for (const event of given) {
        const { invite_room_state: told } = event['unsigned'] as { invite_room_state: { type: string }[] };
        expect(event).to.include({ room_id: room, state_key: mallory });
        expect(told.map(({ type }) => type)).to.include('m.room.name');
      }
    }
  });
});
