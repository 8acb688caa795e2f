import { UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { Event } from '@holm/homeserver/core/events/event';
import type { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import { resealed, RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';

const SIGN = '/_matrix/policy/v1/sign';
const BURST = 5;

/** https://spec.matrix.org/latest/server-server-api/#policy-servers */
describe('this server as a policy server', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let list: string;
  let key: string;
  let settings: object;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test']));
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    list = await alice.createRoom();
    const off = { login: 'off', registration: 'off', message: 'off', join: 'off', invite: 'off', other: 'off' };
    settings = {
      policy_server: { enabled: true, max_mentions: 2, refused_types: ['m.image'], ban_lists: [list] },
      rate_limits: { ...off, federation: 'off', policed: { per_second: 1, burst: BURST } },
    };
    await restart();
    const published = await fetch(`${network.server('a.test').url}/.well-known/matrix/policy_server`);
    ({ ed25519: key } = ((await published.json()) as { public_keys: { ed25519: string } }).public_keys);
  });
  beforeEach(() => network.clock.advance(60_000));
  afterEach(() => expect(network.server('a.test').errors).to.eql([]));
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const restart = async () => {
    await network.stop('a.test');
    await network.start('a.test', settings);
  };
  const policy = (more: object = {}) => ({ via: 'a.test', public_keys: { ed25519: key }, ...more });
  /** A room that a.test looks after, with somebody of b.test and the rogue in it. */
  const policedRoom = async (content: object = policy(), version = '12') => {
    const roomId = await alice.createRoom({ preset: 'public_chat', room_version: version });
    await bob.join(roomId, ['a.test']);
    const seat = await RogueRoom.join(rogue, network.server('a.test'), roomId);
    await alice.setState(roomId, ['m.room.policy', ''], content);
    await network.settle();
    return { roomId, seat };
  };
  let sends = 0;
  const say = (who: Person, room: string, content: object) => {
    network.clock.advance(1); // or it would be the same event as one that was refused
    return who.request('PUT', `${pathOf(room)}/send/m.room.message/s${sends++}`, {
      msgtype: 'm.text',
      body: 'x',
      ...content,
    });
  };
  const ban = (user: string, stateKey: string, more: object = { recommendation: 'm.ban', reason: 'spam' }) =>
    alice.setState(list, ['m.policy.rule.user', stateKey], { entity: user, ...more });
  const sign = (pdu: JsonObject) => rogue.send(network.server('a.test'), 'POST', SIGN, pdu);
  const outcome = ({ status, body }: { status: number; body: Json }) => [status, (body as JsonObject)['errcode']];
  it('signs what both servers send, so that both show it', async () => {
    const { roomId } = await policedRoom();
    expect((await say(bob, roomId, { body: 'from b' })).status).to.equal(200);
    expect((await say(alice, roomId, { body: 'from a' })).status).to.equal(200);
    await network.settle();
    for (const person of [alice, bob]) {
      expect(textsOf(await person.history(roomId)).toSorted()).to.eql(['from a', 'from b']);
    }
  });

  it('refuses what its rules do not want, from others and from its own users', async () => {
    const { roomId } = await policedRoom();
    const mentions = { 'm.mentions': { user_ids: ['@a:x', '@b:x', '@c:x'] } };
    for (const person of [alice, bob]) {
      for (const unwanted of [{ msgtype: 'm.image' }, mentions]) {
        const refused = await say(person, roomId, unwanted);
        expect(outcome(refused)).to.eql([400, 'M_FORBIDDEN']);
      }
    }
    await network.settle();
    for (const person of [alice, bob]) expect(textsOf(await person.history(roomId))).to.eql([]);
  });

  it('refuses people on a ban list while they are on it, but lets them go', async () => {
    const { roomId } = await policedRoom();
    const rule = await ban('@bo*:b.test', 'one');
    const refused = await say(bob, roomId, {});
    expect(outcome(refused)).to.eql([400, 'M_FORBIDDEN']);
    expect(refused.body.error).to.equal(`${bob.userId} is on a ban list: spam`);
    await alice.ask('PUT', `${pathOf(list)}/redact/${encodeURIComponent(rule)}/r1`, {});
    expect((await say(bob, roomId, {})).status).to.equal(200);
    await ban(bob.userId, 'two');
    await restart();
    expect(outcome(await say(bob, roomId, {}))).to.eql([400, 'M_FORBIDDEN']);
    await ban(bob.userId, 'two', {});
    expect((await say(bob, roomId, {})).status).to.equal(200);
    await ban(bob.userId, 'two');
    await bob.ask('POST', `${pathOf(roomId)}/leave`, {});
    await network.settle();
    expect((await alice.members(roomId))[bob.userId]).to.equal('leave');
    await ban(bob.userId, 'two', {});
  });

  it('makes people wait who send too much, each in each room', async () => {
    const [one, other] = [await policedRoom(), await policedRoom()];
    for (let i = 0; i < BURST; i++) expect((await say(bob, one.roomId, {})).status).to.equal(200);
    const refused = await say(bob, one.roomId, {});
    expect(outcome(refused)).to.eql([429, 'M_LIMIT_EXCEEDED']);
    expect(refused.body.retry_after_ms).to.be.within(1, 1_000);
    expect((await say(bob, other.roomId, {})).status).to.equal(200);
    expect((await say(alice, one.roomId, {})).status).to.equal(200);
    network.clock.advance(1_000);
    expect((await say(bob, one.roomId, {})).status).to.equal(200);
  });

  for (const version of ['1', '10', '12']) {
    it(`judges what comes unsigned, and shows what it would have signed, in version ${version}`, async () => {
      const { roomId, seat } = await policedRoom(policy(), version);
      const good = seat.event({ content: { msgtype: 'm.text', body: 'good' } });
      const bad = seat.event({ content: { msgtype: 'm.image', body: 'bad' } });
      await rogue.push(network.server('a.test'), [good.pdu, bad.pdu]);
      expect(textsOf(await alice.history(roomId))).to.eql(['good']);
    });
  }

  it('tells everybody the same of one event', async () => {
    const { seat } = await policedRoom();
    const { pdu } = seat.event({ content: { msgtype: 'm.text', body: 'x' } });
    const first = await sign(pdu);
    expect(first.status).to.equal(200);
    expect(first.body['a.test']).to.have.all.keys('ed25519:policy_server');
    await ban(seat.user, 'rogue');
    expect((await sign(pdu)).body).to.eql(first.body);
    expect(outcome(await sign(seat.event({ content: { body: 'y' } }).pdu))).to.eql([400, 'M_FORBIDDEN']);
    await ban(seat.user, 'rogue', {});
  });

  const wrong: [what: string, pdu: (seat: RogueRoom) => JsonObject, outcome: [number, string]][] = [
    ['of no room', () => ({ type: 'm.room.message' }), [404, 'M_NOT_FOUND']],
    ['of a room that it does not know', ({ last }) => ({ ...last.pdu, room_id: '!x:a.test' }), [404, 'M_NOT_FOUND']],
    ['that is no event', ({ roomId }) => ({ room_id: roomId }), [400, 'M_BAD_JSON']],
    [
      'that needs no signature',
      (seat) => seat.event({ type: 'm.room.policy', stateKey: '', content: {} }).pdu,
      [400, 'M_FORBIDDEN'],
    ],
    [
      'with another content than was hashed',
      (seat) => ({ ...seat.event().pdu, content: { body: 'other' } }),
      [400, 'M_FORBIDDEN'],
    ],
    ['of somebody else, unsigned', (seat) => as(seat, alice.userId).pdu, [400, 'M_FORBIDDEN']],
  ];
  const as = (seat: RogueRoom, sender: string): Event => seat.event({ sender: UserId.parse(sender) });
  for (const [what, pdu, expected] of wrong) {
    it(`does not sign anything ${what}`, async () => {
      const { seat } = await policedRoom();
      expect(outcome(await sign(pdu(seat)))).to.eql(expected);
    });
  }

  it('takes nothing from the rate of those whose events others make up', async () => {
    const { roomId, seat } = await policedRoom();
    for (let i = 0; i < 2 * BURST; i++) {
      const forged = resealed(
        as(seat, bob.userId).pdu,
        { origin_server_ts: i },
        { version: seat.version, signer: rogue.signer },
      );
      expect(outcome(await sign(forged))).to.eql([400, 'M_FORBIDDEN']);
    }
    expect((await say(bob, roomId, {})).status).to.equal(200);
  });

  it('answers nobody who is denied in the room', async () => {
    const { roomId, seat } = await policedRoom();
    await alice.setState(roomId, ['m.room.server_acl', ''], { allow: ['*'], deny: ['rogue.test'] });
    expect(outcome(await sign(seat.event().pdu))).to.eql([403, 'M_FORBIDDEN']);
  });

  const notOurs: [what: string, content: () => object][] = [
    ['names nobody', () => ({})],
    ['names another server', () => policy({ via: 'b.test' })],
    ['names another key', () => policy({ public_keys: { ed25519: '6yhHGKhCiXTSEN2ksjV7kX/N6rBQZ3Xb+M7LlC6NS+s' } })],
  ];
  for (const [what, content] of notOurs) {
    it(`has nothing to do with a room that ${what}`, async () => {
      const { seat } = await policedRoom(content());
      expect(outcome(await sign(seat.event().pdu))).to.eql([404, 'M_NOT_FOUND']);
    });
  }

  it('is none unless it is told to', async () => {
    const answer = await rogue.send(network.server('b.test'), 'POST', SIGN, {});
    expect(outcome(answer)).to.eql([404, 'M_UNRECOGNIZED']);
    const published = await fetch(`${network.server('b.test').url}/.well-known/matrix/policy_server`);
    expect(published.status).to.equal(404);
  });
});
