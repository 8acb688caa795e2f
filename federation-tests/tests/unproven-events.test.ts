import { signingKeyFromSeed } from '@holm/homeserver/core/crypto/keys';
import type { Event } from '@holm/homeserver/core/events/event';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { KeyId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { type Person, textsOf } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

const MINUTE = 60_000;

describe("the last event of a room, when its sender's server does not say what its keys are", () => {
  let network: TestNetwork;
  let bob: Person;
  let carol: Person;
  let room: string;
  /** Carol comes in by Alice's server, and Bob's can neither reach hers nor be reached by it. */
  beforeEach(async () => {
    network = await TestNetwork.start('a.test', 'b.test', 'c.test');
    const alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    carol = await network.person('carol', 'c.test');
    room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    network.cut('b.test', 'c.test');
    await carol.join(room, ['a.test']);
    await network.settle();
    expect(await alice.members(room)).to.have.property(carol.userId, 'join');
    expect(await bob.members(room)).to.not.have.property(carol.userId);
  });
  afterEach(() => network[Symbol.asyncDispose]());

  it('is there once the server can be asked', async () => {
    const { ingest, held } = network.server('b.test').running.services.rooms;
    network.clock.advance(2 * MINUTE);
    await ingest.retryHeld();
    expect(await bob.members(room)).to.not.have.property(carol.userId);
    network.link('b.test', 'c.test').heal();
    network.clock.advance(10 * MINUTE);
    await ingest.retryHeld();
    expect(await bob.members(room)).to.have.property(carol.userId, 'join');
    expect(await held.count()).to.equal(0);
  });

  it('is there as soon as the server speaks, also after a restart', async () => {
    await network.stop('b.test');
    await network.start('b.test');
    await network.heal('b.test', 'c.test');
    await carol.ask('GET', `/profile/${encodeURIComponent(bob.userId)}`);
    await network.settle();
    expect(await bob.members(room)).to.have.property(carol.userId, 'join');
    expect(await network.server('b.test').running.services.rooms.held.count()).to.equal(0);
  });
});

describe('events of servers that do not say what their keys are', () => {
  const eve = UserId.parse('@eve:silent.test');
  let network: TestNetwork;
  let rogue: Rogue;
  let silent: Rogue;
  let alice: Person;
  let room: RogueRoom;
  beforeEach(async () => {
    rogue = await Rogue.start('rogue.test', new ManualClock());
    silent = await Rogue.start('silent.test', new ManualClock());
    const strangers = { 'rogue.test': rogue.url, 'silent.test': silent.url };
    network = await TestNetwork.with({ names: ['a.test'], strangers });
    rogue.answers.set('/_matrix/federation/v1/send/', () => ({ status: 200, body: { pdus: {} } }));
    nothing();
    alice = await network.person('alice', 'a.test');
    room = await RogueRoom.join(rogue, network.server('a.test'), await alice.createRoom());
    await network.settle();
  });
  afterEach(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
    await silent[Symbol.asyncDispose]();
  });

  const nothing = () => silent.answers.set('/_matrix', () => ({ status: 500, body: {} }));
  const services = () => network.server('a.test').running.services.rooms;
  const keysAsked = () => silent.asked.filter((uri) => uri.startsWith('/_matrix/key/')).length;
  /** From now on it says what its keys are. */
  const speak = async () => {
    silent.answers.clear();
    network.clock.advance(2 * MINUTE);
    await services().ingest.retryHeld();
  };
  const joinOf = (wish: { readonly depth?: number } = {}, signer = silent.signer): Event =>
    room.event(
      {
        type: 'm.room.member',
        sender: eve,
        stateKey: eve,
        content: { membership: 'join' },
        authEvents: room.authEvents.slice(0, -1).map(({ eventId }) => eventId),
        ...wish,
      },
      signer,
    );

  it('are not taken for signed once they do', async () => {
    const key = signingKeyFromSeed(silent.signer.key.keyId, new Uint8Array(32).fill(99));
    const otherKey = signingKeyFromSeed(KeyId.parse('ed25519:other'), new Uint8Array(32).fill(13));
    const signers = [key, otherKey].map((one) => ({ server: silent.name, key: one }));
    const forged = signers.map((signer, depth) => joinOf({ depth }, signer));
    const answer = await room.push(...forged);
    expect(Object.keys(answer.body.pdus)).to.have.members(forged.map(({ eventId }) => eventId));
    expect(await services().held.count()).to.equal(2);
    await speak();
    expect(await alice.members(room.roomId)).to.not.have.property(eve);
    expect(await services().held.count()).to.equal(0);
    // Now that they are known, nothing waits for them.
    await room.push(...forged);
    expect(await services().held.count()).to.equal(0);
  });

  it('are not replaced by copies that somebody else has signed', async () => {
    const join = joinOf();
    const junk = joinOf(
      {},
      { server: silent.name, key: signingKeyFromSeed(silent.signer.key.keyId, new Uint8Array(32)) },
    );
    expect(junk.eventId).to.equal(join.eventId);
    await room.push(join);
    await room.push(junk);
    await speak();
    expect(await alice.members(room.roomId)).to.have.property(eve, 'join');
  });

  it('lose what their senders did not say, however often they are put off', async () => {
    const join = joinOf();
    const missing = room.event({ content: { msgtype: 'm.text', body: 'missing' }, prevEvents: [join.eventId] });
    const authority = room.authEvents.filter(({ type }) => /create|power_levels/.test(type));
    const wish = { sender: eve, authEvents: [...authority, join].map(({ eventId }) => eventId) };
    const said = room.event({ ...wish, prevEvents: [missing.eventId] }, silent.signer);
    await room.push(join, { ...said.pdu, content: { msgtype: 'm.text', body: 'I never said so' } });
    expect(await services().held.count()).to.equal(2);
    // Now it is known who signed it, and it waits for what it follows.
    await speak();
    expect(await alice.members(room.roomId)).to.have.property(eve, 'join');
    expect(await services().held.count()).to.equal(1);
    await room.push(missing);
    await network.settle();
    expect(await services().held.count()).to.equal(0);
    expect(textsOf(await alice.history(room.roomId))).to.eql([undefined, 'missing']);
  });

  it('are not kept for those who are not in the room', async () => {
    const outside = await network.person('olaf', 'a.test');
    const other = await outside.createRoom();
    const event = room.event({ roomId: other as RogueRoom['roomId'], sender: eve }, silent.signer);
    await room.push(event);
    expect(keysAsked()).to.be.greaterThan(0);
    expect(await services().held.count()).to.equal(0);
  });

  it('are held in some number, and the servers asked a few times', async () => {
    for (let n = 0; n < 3; n++) {
      await room.push(...Array.from({ length: 50 }, () => room.event({ sender: eve }, silent.signer)));
    }
    expect(await services().held.count()).to.equal(100);
    expect(keysAsked()).to.equal(1);
    for (let minute = 0; minute < 60 * 8; minute++) {
      network.clock.advance(MINUTE);
      await services().ingest.retryHeld();
    }
    expect(await services().held.count()).to.equal(0);
    expect(keysAsked()).to.be.within(6, 20);
  });
});
