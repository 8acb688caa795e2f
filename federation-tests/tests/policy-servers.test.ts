/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */
import { encodeBase64Url } from '@holm/homeserver/core/crypto/base64';
import { signingKeyFromSeed, verifyKeyOf } from '@holm/homeserver/core/crypto/keys';
import { signText } from '@holm/homeserver/core/crypto/signing';
import { referenceText } from '@holm/homeserver/core/events/hashes';
import { roomVersion } from '@holm/homeserver/core/rooms/room-version';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { EventId, KeyId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

const SIGN = '/_matrix/policy/v1/sign';
const keyFrom = (fill: number) =>
  signingKeyFromSeed(KeyId.parse('ed25519:policy_server'), new Uint8Array(32).fill(fill));
const key = keyFrom(21);
const publicKey = encodeBase64Url(verifyKeyOf(key).key.export({ format: 'der', type: 'spki' }).subarray(-32));
const version = roomVersion('12')!;
const STICKY = { field: 'msc4354_sticky', durationMs: 3_600_000 } as const;

/** https://spec.matrix.org/latest/client-server-api/#policy-servers */
describe('policy servers', () => {
  let network: TestNetwork;
  let policy: Rogue;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    policy = await Rogue.start('policy.test', new ManualClock());
    rogue = await Rogue.start('rogue.test', new ManualClock());
    network = await TestNetwork.with({
      names: ['a.test', 'b.test'],
      strangers: { 'policy.test': policy.url, 'rogue.test': rogue.url },
      config: { well_known: { policy_server_key: 'abc' } },
    });
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  beforeEach(() => {
    network.clock.advance(1);
    policy.asked.length = 0;
    agree();
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await policy[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const signatureOf = (pdu: Json | undefined, by = key): Json => ({
    'policy.test': { 'ed25519:policy_server': signText(referenceText(pdu as JsonObject, version), by) },
  });
  const agree = () => policy.answers.set(SIGN, (_, pdu) => ({ status: 200, body: signatureOf(pdu) }));
  const answer = (status: number, body: Json) => policy.answers.set(SIGN, () => ({ status, body }));
  const asks = () => policy.asked.filter((uri) => uri === SIGN).length;
  const POLICY = { via: 'policy.test', public_keys: { ed25519: publicKey } };

  /** A room that the policy server is in, and where it is asked. */
  const policedRoom = async (more: object = {}) => {
    const room = await alice.createRoom({ preset: 'public_chat', ...more });
    const seat = await RogueRoom.join(policy, network.server('a.test'), room);
    await bob.join(room, ['a.test']);
    await alice.setState(room, ['m.room.policy', ''], POLICY);
    await network.settle();
    policy.asked.length = 0;
    return { room, seat };
  };
  const stored = async (at: string, eventId: string) => {
    const { engine } = network.server(at).running.services.rooms;
    return (await engine.events.byId(EventId.parse(eventId)))!;
  };
  let sends = 0;
  const send = (who: Person, room: string, body = 'hello', txn = `s${sends++}`) =>
    who.request('PUT', `${pathOf(room)}/send/m.room.message/${txn}`, { msgtype: 'm.text', body });

  it('sign what is sent, once, beside the server that sends it', async () => {
    const { room } = await policedRoom();
    const eventId = await alice.say(room, 'hello');
    await bob.view.untilMessage(room, 'hello');
    for (const at of ['a.test', 'b.test']) {
      const { signatures } = (await stored(at, eventId)).event.pdu;
      expect(signatures).to.have.all.keys('a.test', 'policy.test');
    }
    expect(asks()).to.equal(1);
  });

  it('are asked about everything but who they are', async () => {
    const { room } = await policedRoom();
    const message = await alice.say(room, 'hello');
    await alice.setState(room, ['m.room.name', ''], { name: 'Den' });
    await alice.setState(room, ['m.room.policy', 'other'], {});
    await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(message)}/r1`, {});
    await alice.ask('POST', `${pathOf(room)}/invite`, { user_id: (await network.person('carol', 'b.test')).userId });
    await (await network.person('dan', 'a.test')).join(room);
    expect(asks()).to.equal(6);
    await alice.setState(room, ['m.room.policy', ''], {});
    expect(asks()).to.equal(6);
    await alice.say(room, 'free');
    expect(asks()).to.equal(6);
  });

  const refusals: readonly (readonly [string, number, Json, number, object])[] = [
    ['with a reason', 400, { errcode: 'M_FORBIDDEN', error: 'spam' }, 400, { errcode: 'M_FORBIDDEN', error: 'spam' }],
    ['with a code of its own', 400, { errcode: 'M_SAFETY', error: 'x', y: 1 }, 400, { errcode: 'M_SAFETY', y: 1 }],
    ['without a word', 200, {}, 403, { errcode: 'M_FORBIDDEN' }],
    ['as if it were for the session', 403, { errcode: 'M_UNKNOWN_TOKEN', error: 'x' }, 403, { errcode: 'M_FORBIDDEN' }],
    ['for a while', 429, { errcode: 'M_LIMIT_EXCEEDED', error: 'x', retry_after_ms: 7 }, 429, { retry_after_ms: 7 }],
    ['as nothing to do with it', 404, { errcode: 'M_NOT_FOUND', error: 'x' }, 404, { errcode: 'M_NOT_FOUND' }],
    ['as it is no policy server', 404, { errcode: 'M_UNRECOGNIZED', error: 'x' }, 502, { errcode: 'M_UNKNOWN' }],
    ['by falling over', 500, { errcode: 'M_UNKNOWN', error: 'x' }, 502, { errcode: 'M_UNKNOWN' }],
    ['with nonsense', 200, { 'policy.test': { 'ed25519:policy_server': 'AAAA' } }, 502, { errcode: 'M_UNKNOWN' }],
    ['with signatures of others', 200, { 'a.test': { 'ed25519:policy_server': 'AAAA' } }, 403, {}],
  ];
  for (const [how, status, body, expected, error] of refusals) {
    it(`refuse ${how}, which the sender is told, and nobody else`, async () => {
      const { room } = await policedRoom();
      answer(status, body);
      const refused = await send(alice, room, 'unwanted', 't1');
      expect(refused.status).to.equal(expected);
      expect(refused.body).to.include(error);
      agree();
      // Nothing has been sent, so the same request may be made again.
      expect((await send(alice, room, 'unwanted', 't1')).status).to.equal(200);
      await bob.view.untilMessage(room, 'unwanted');
      expect(textsOf(await bob.history(room))).to.deep.equal(['unwanted']);
    });
  }

  it('that sign with another key than the room says have not signed', async () => {
    policy.answers.set(SIGN, (_, pdu) => ({ status: 200, body: signatureOf(pdu, keyFrom(99)) }));
    expect((await send(alice, (await policedRoom()).room)).status).to.equal(502);
  });

  const others: readonly (readonly [string, object, boolean])[] = [
    ['has left', POLICY, true],
    ['has no key', { via: 'policy.test', public_keys: {} }, false],
    ['has a key that is none', { via: 'policy.test', public_keys: { ed25519: 'short' } }, false],
    ['has no name', { public_keys: POLICY.public_keys }, false],
    ['has never been there', { ...POLICY, via: 'rogue.test' }, false],
    ['is this server', { ...POLICY, via: 'a.test' }, false],
  ];
  for (const [what, content, leaves] of others) {
    it(`are not asked where the one that is named ${what}`, async () => {
      const { room, seat } = await policedRoom();
      await alice.setState(room, ['m.room.policy', ''], content);
      if (leaves) await alice.ask('POST', `${pathOf(room)}/kick`, { user_id: seat.user });
      policy.asked.length = 0;
      answer(500, {});
      await alice.say(room, 'hello');
      expect(asks()).to.equal(0);
    });
  }

  it('can be done without by who may say so, when they are gone', async () => {
    const { room } = await policedRoom();
    answer(0, {});
    await alice.setState(room, ['m.room.policy', ''], {}).then(() => alice.say(room, 'free'));
    await bob.view.untilMessage(room, 'free');
  });

  it('hold up nobody but who waits for their answer', async () => {
    const { room } = await policedRoom();
    const other = await alice.createRoom();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    policy.answers.set(SIGN, async (_, pdu) => {
      if ((pdu as any).content.body === 'slow') {
        isAsked();
        await promise;
      }
      return { status: 200, body: signatureOf(pdu) };
    });
    const slow = send(alice, room, 'slow');
    await asked;
    await alice.say(other, 'elsewhere');
    // Nor what others say in the same room, which moves its newest end on meanwhile.
    await bob.say(room, 'quick');
    await alice.view.untilMessage(room, 'quick');
    // What has changed nothing but the timeline is no reason to ask again.
    expect(asks()).to.equal(2);
    resolve();
    expect((await slow).status).to.equal(200);
    expect(asks()).to.equal(2);
    await bob.view.untilMessage(room, 'slow');
    await network.settle();
    expect(await alice.state(room)).to.deep.equal(await bob.state(room));
  });

  it('are asked again where the state has changed that the event was built on', async () => {
    const { room } = await policedRoom();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    policy.answers.set(SIGN, async (_, pdu) => {
      if ((pdu as any).content.topic === 'slow') {
        isAsked();
        await promise;
      }
      return { status: 200, body: signatureOf(pdu) };
    });
    const slow = alice.setState(room, ['m.room.topic', ''], { topic: 'slow' });
    await asked;
    await bob.leave(room);
    await network.settle();
    expect(asks()).to.equal(2);
    resolve();
    await slow.then(() => expect(asks()).to.equal(3));
    expect(await alice.stateAt(room, ['m.room.topic', ''])).to.deep.equal({ topic: 'slow' });
  });

  it('are asked about one thing after the other, in the order in which they were said', async () => {
    const { room } = await policedRoom();
    const sent = await Promise.all(
      ['1', '2', '3', '4', '5'].map((text, index) => send(alice, room, text, `n${index}`)),
    );
    expect(sent.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 200]);
    await bob.view.untilMessage(room, '5');
    expect(textsOf(bob.view.joined.get(room)!.timeline)).to.deep.equal(['1', '2', '3', '4', '5']);
    expect(asks()).to.equal(5);
  });

  it('give up after a while', async () => {
    const { room } = await policedRoom();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    policy.answers.set(SIGN, () => {
      isAsked();
      return { status: 0, body: {} };
    });
    const waiting = send(alice, room);
    await asked;
    network.clock.advance(31_000);
    expect((await waiting).status).to.equal(502);
  });

  describe('and what other servers send', () => {
    /** Somebody in the room whose server asks nobody. */
    const intruder = async () => {
      const { room } = await policedRoom();
      const seat = await RogueRoom.join(rogue, network.server('a.test'), room);
      await network.settle();
      policy.asked.length = 0;
      return { room, seat };
    };
    const shown = async (room: string): Promise<string[]> => textsOf(await alice.history(room));

    it('is signed by them late, and handed on so', async () => {
      const { seat, room } = await intruder();
      const event = seat.event({ content: { msgtype: 'm.text', body: 'fine' } });
      expect((await seat.push(event)).body.pdus[event.eventId]).to.deep.equal({});
      expect(await shown(room)).to.deep.equal(['fine']);
      expect(asks()).to.equal(1);
      const known = await stored('a.test', event.eventId);
      expect(known.event.pdu.signatures).to.have.all.keys('rogue.test', 'policy.test');
    });

    const unwelcome: readonly (readonly [string, () => unknown])[] = [
      ['they refuse', () => answer(400, { errcode: 'M_FORBIDDEN', error: 'spam' })],
      ['they sign with nothing', () => answer(200, {})],
      ['they do not know', () => answer(404, { errcode: 'M_NOT_FOUND' })],
      ['they have another key for', () => policy.answers.set(SIGN, (_, pdu) => ({ status: 200, body: signatureOf(pdu, keyFrom(3)) }))],
    ]; // prettier-ignore
    for (const [what, prepare] of unwelcome) {
      it(`is kept, but not shown, where ${what}`, async () => {
        const { seat, room } = await intruder();
        prepare();
        // What sticks is looked at again whenever the state changes.
        const event = seat.event({ sticky: STICKY, sentAt: network.clock.now() });
        expect((await seat.push(event)).body.pdus[event.eventId]).to.deep.equal({});
        expect(await shown(room)).to.deep.equal([]);
        agree();
        await alice.setState(room, ['m.room.name', ''], { name: 'Den' });
        await network.settle();
        expect((await stored('a.test', event.eventId)).status).to.equal('soft-failed');
      });
    }

    it('is believed to be signed if it is', async () => {
      const { seat, room } = await intruder();
      const event = seat.event({ content: { msgtype: 'm.text', body: 'signed' } });
      const { signatures } = event.pdu;
      const pdu = { ...event.pdu, signatures: { ...signatures, ...(signatureOf(event.pdu) as object) } };
      await seat.push(pdu);
      expect(await shown(room)).to.deep.equal(['signed']);
      expect(asks()).to.equal(0);
      const other = seat.event({ content: { msgtype: 'm.text', body: 'forged' }, prevEvents: [event.eventId] });
      const forged = signatureOf(other.pdu, keyFrom(5)) as object;
      answer(400, { errcode: 'M_FORBIDDEN' });
      await seat.push({ ...other.pdu, signatures: { ...other.pdu.signatures, ...forged } });
      expect(await shown(room)).to.deep.equal(['signed']);
    });

    it('keeps the signature of its server, where that is the policy server', async () => {
      const { room, seat } = await policedRoom();
      const event = seat.event({ content: { msgtype: 'm.text', body: 'by the police' } });
      await seat.push(event);
      expect(await shown(room)).to.deep.equal(['by the police']);
      const { signatures } = (await stored('a.test', event.eventId)).event.pdu;
      expect(signatures['policy.test']).to.have.all.keys('ed25519:rogue', 'ed25519:policy_server');
    });

    it('is not taken in as a join that they do not want', async () => {
      const { room } = await policedRoom();
      const carol = await network.person('carol', 'b.test');
      await bob.leave(room);
      await network.settle();
      policy.answers.set(SIGN, (_, pdu) => {
        const isJoin = (pdu as any).content.membership === 'join';
        return isJoin ? { status: 400, body: { errcode: 'M_FORBIDDEN' } } : { status: 200, body: signatureOf(pdu) };
      });
      const join = () => carol.request('POST', `/join/${encodeURIComponent(room)}?via=a.test`, {});
      const { status, body } = await join();
      expect([status, body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
      expect(Object.keys(await alice.members(room))).not.to.include(carol.userId);
      agree();
      // In the same millisecond it is the same event, which has been refused.
      expect((await join()).status).to.equal(403);
      network.clock.advance(1);
      await carol.join(room, ['a.test']);
      await carol.say(room, 'now I may');
      await alice.view.untilMessage(room, 'now I may');
    });
  });

  it('are named by servers that have one', async () => {
    const address = `${network.server('a.test').url}/.well-known/matrix/policy_server`;
    expect(await (await fetch(address)).json()).to.deep.equal({ public_keys: { ed25519: 'abc' } });
  });
});
