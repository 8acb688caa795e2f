import { verifyKeyOf } from '@holm/homeserver/core/crypto/keys';
import { signTemplate } from '@holm/homeserver/core/events/build';
import { isRefused, parsePdu } from '@holm/homeserver/core/events/parse-pdu';
import { isSignedBy } from '@holm/homeserver/core/events/signatures';
import { roomVersion } from '@holm/homeserver/core/rooms/room-version';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';

const enc = encodeURIComponent;
const TYPES = [
  'm.room.create',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.join_rules',
  'm.room.encryption',
];

/** https://spec.matrix.org/latest/client-server-api/#stripped-state, and MSC4311 for what servers tell each other */
describe('what is told of a room to who is not in it', () => {
  let network: TestNetwork;
  let stranger: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    stranger = await Rogue.start('stranger.test', new ManualClock());
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], strangers: { 'stranger.test': stranger.url } });
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await stranger[Symbol.asyncDispose]();
  });

  const room = (room_version: string): Promise<string> =>
    alice.createRoom({
      room_version,
      name: 'Den',
      topic: 'burrows',
      initial_state: [
        { type: 'm.room.join_rules', content: { join_rule: 'knock' } },
        { type: 'm.room.avatar', content: { url: 'mxc://a.test/x' } },
        { type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } },
        { type: 'com.example.secret', content: { hidden: true } },
      ],
    });

  /** Whole events of that room, which anybody can check who has the key of the server that sent them. */
  const expectProof = (told: readonly Json[], roomId: string, version: string): string[] => {
    const { own } = network.server('a.test').running.services.federation;
    return told.map((pdu) => {
      const event = parsePdu(pdu, roomVersion(version)!);
      if (isRefused(event)) throw new Error(event.refused);
      expect(event.roomId).to.equal(roomId);
      expect(isSignedBy(event, 'a.test', verifyKeyOf(own.signing[0]))).to.equal(true);
      return event.type;
    });
  };

  for (const version of ['7', '11', '12']) {
    it(`goes with an invite as whole events, in version ${version}`, async () => {
      const roomId = await room(version);
      let sent: JsonObject = {};
      stranger.answers.set('/_matrix/federation/v2/invite', (_, body) => {
        sent = body as JsonObject;
        return { status: 200, body: { event: sent['event'] as Json } };
      });
      await alice.ask('POST', `/rooms/${enc(roomId)}/invite`, { user_id: '@guest:stranger.test' });
      const types = expectProof(sent['invite_room_state'] as Json[], roomId, version);
      expect(types).to.have.members([...TYPES, 'm.room.member']);
    });

    it(`answers a knock with whole events, in version ${version}`, async () => {
      const roomId = await room(version);
      const user = '@knocker:stranger.test';
      const ask = (method: string, path: string, body?: Json) =>
        stranger.send(network.server('a.test'), method, `/_matrix/federation/v1${path}`, body);
      const { body: template } = await ask('GET', `/make_knock/${enc(roomId)}/${enc(user)}?ver=${version}`);
      const knock = signTemplate(template.event, roomVersion(version)!, stranger.signer);
      if (isRefused(knock)) throw new Error(knock.refused);
      const answer = await ask('PUT', `/send_knock/${enc(roomId)}/${enc(knock.eventId)}`, knock.pdu);
      expect(answer.status).to.equal(200);
      expect(expectProof(answer.body.knock_room_state, roomId, version)).to.have.members(TYPES);
    });

    it(`is seen by clients in four fields, however it came, in version ${version}`, async () => {
      const roomId = await room(version);
      const carol = await network.person('carol', 'a.test');
      const [guest, neighbour] = [await network.person('guest', 'b.test'), await network.person('guest', 'a.test')];
      await bob.knock(roomId, ['a.test']);
      await carol.knock(roomId);
      await alice.invite(roomId, guest);
      await alice.invite(roomId, neighbour);
      for (const [person, kind] of [
        [bob, 'knocked'],
        [carol, 'knocked'],
        [guest, 'invited'],
        [neighbour, 'invited'],
      ] as const) {
        await person.view.until('the room', (view) => view[kind].has(roomId));
        const told = person.view[kind].get(roomId)!;
        for (const event of told) expect(event).to.have.all.keys('type', 'state_key', 'sender', 'content');
        const types = told.map(({ type }) => type);
        expect(types)
          .to.include.members([...TYPES, 'm.room.member'])
          .and.not.include('com.example.secret');
        expect(told.find(({ type }) => type === 'm.room.create').content.room_version).to.equal(version);
      }
    });
  }

  it('includes a way in, where the id of the room names no server', async () => {
    const roomId = await room('12');
    expect(roomId).not.to.include(':');
    await alice.invite(roomId, bob);
    await bob.view.until('the invite', ({ invited }) => invited.has(roomId));
    await bob.ask('POST', `/rooms/${enc(roomId)}/join`, {});
    await network.settle();
    expect(await bob.state(roomId)).to.deep.equal(await alice.state(roomId));
    // Whom nobody has told of a way finds none.
    const carol = await network.person('carol', 'b.test');
    await bob.leave(roomId);
    expect((await carol.request('POST', `/rooms/${enc('!' + 'a'.repeat(43))}/join`, {})).status).to.equal(404);
  });

  it('is kept only as far as there is a reasonable amount of it', async () => {
    const version = roomVersion('11')!;
    const roomId = '!much:stranger.test';
    const invite = signTemplate(
      {
        type: 'm.room.member', room_id: roomId, sender: '@host:stranger.test', state_key: bob.userId,
        content: { membership: 'invite' }, origin_server_ts: 1, prev_events: ['$a'], auth_events: ['$b'], depth: 3,
      },
      version,
      stranger.signer,
    ); // prettier-ignore
    if (isRefused(invite)) throw new Error(invite.refused);
    const entry = (n: number, body: string): Json => ({
      type: `x.${n}`,
      state_key: '',
      sender: '@host:stranger.test',
      content: { body },
      unsigned: { age: 1 },
    });
    const told = [...Array(30).keys()].map((n) => entry(n, 'y'.repeat(10_000)));
    const path = `/_matrix/federation/v2/invite/${enc(roomId)}/${enc(invite.eventId)}`;
    const body = { room_version: '11', event: invite.pdu, invite_room_state: told };
    expect((await stranger.send(network.server('b.test'), 'PUT', path, body)).status).to.equal(200);
    await bob.view.until('the invite', ({ invited }) => invited.has(roomId));
    const seen = bob.view.invited.get(roomId)!;
    expect(seen.length).to.be.within(5, 14);
    expect(seen.at(-1)).to.include({ type: 'm.room.member', state_key: bob.userId });
  });
});
