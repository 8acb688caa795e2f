import type { Event } from '@holm/homeserver/core/events/event';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { EventId, ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import { type Person, pathOf } from '../src/people.ts';
import { resealed, RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

const VERSIONS = ['1', '5', '6', '10', '11', '12'];

describe('events of a server that says what it likes', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let owner: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    owner = await network.person('owner', 'a.test');
  });
  afterEach(() => rogue.answers.clear());
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const enter = async (version: string): Promise<RogueRoom> => {
    const room = await owner.createRoom({ preset: 'public_chat', room_version: version });
    return RogueRoom.join(rogue, network.server('a.test'), room);
  };

  /** What of the room's history anybody but its owner has said, and the state that matters. */
  const seen = async ({ roomId, user }: RogueRoom) => {
    const events = await owner.history(roomId);
    return {
      said: events.filter(({ sender, type }) => sender === user && type !== 'm.room.member'),
      levels: await owner.stateAt(roomId, ['m.room.power_levels', '']),
      members: Object.keys(await owner.members(roomId)).length,
    };
  };

  /** A PDU of the room with some of it changed after it was signed. */
  const tampered = (room: RogueRoom, change: JsonObject): JsonObject => ({ ...room.event().pdu, ...change });
  const resigned = (room: RogueRoom, change: JsonObject): JsonObject =>
    resealed(room.event().pdu, change, { version: room.version, signer: rogue.signer });
  const named = (room: RogueRoom, server: string) =>
    room.version.eventIds === 'supplied' ? { eventId: EventId.parse(`$${Math.random()}:${server}`) } : {};
  const as = (room: RogueRoom, sender: string, signs: string = rogue.name): Event => {
    const wish = { sender: UserId.parse(sender), ...named(room, signs) };
    return room.event(wish, { ...rogue.signer, server: ServerName.parse(signs) });
  };
  const levels = (room: RogueRoom): Event =>
    room.event({ type: 'm.room.power_levels', stateKey: '', content: { users: { [room.user]: 100 } } });

  const worthless: [what: string, make: (room: RogueRoom) => Event | JsonObject][] = [
    ['in the name of another server', (room) => as(room, owner.userId)],
    ['in the name of another server, with its signature forged', (room) => as(room, owner.userId, 'a.test')],
    ['in the name of a server that does not exist', (room) => as(room, '@x:nowhere.test', 'nowhere.test')],
    ['of a user who is not in the room', (room) => as(room, '@eve:rogue.test')],
    ['without a signature', (room) => tampered(room, { signatures: {} })],
    ['with a wrong signature', (room) => tampered(room, { signatures: { [rogue.name]: { 'ed25519:rogue': 'AAAA' } } })],
    ['with an unknown key', (room) => tampered(room, { signatures: { [rogue.name]: { 'ed25519:other': 'AAAA' } } })],
    ['changed after it was signed', (room) => tampered(room, { depth: 77 })],
    ['that takes power', levels],
    ['that has no authority', (room) => room.event({ authEvents: [] })],
    ['whose authority nobody knows', (room) => room.event({ authEvents: [EventId.parse('$unknown:rogue.test')] })],
    ['that follows nothing known', (room) => room.event({ prevEvents: [EventId.parse('$unknown:rogue.test')] })],
    ['that follows nothing', (room) => room.event({ prevEvents: [] })],
    ['that founds the room anew', (room) =>
      room.event({ type: 'm.room.create', stateKey: '', content: { creator: room.user }, prevEvents: [], authEvents: [] })],
    ['that kicks the owner', (room) =>
      room.event({ type: 'm.room.member', stateKey: owner.userId, content: { membership: 'leave' } })],
    ['that lets somebody of another server join', (room) =>
      room.event({ type: 'm.room.member', stateKey: '@x:nowhere.test', content: { membership: 'join' } })],
    ['with a member of unknown standing', (room) =>
      room.event({ type: 'm.room.member', stateKey: '@x:rogue.test', content: { membership: 'king' } })],
    ['that is too large', (room) => resigned(room, { content: { body: 'x'.repeat(66_000) } })],
    ['with too long a type', (room) => resigned(room, { type: 'x'.repeat(256) })],
    ['with too long a type in bytes', (room) => resigned(room, { type: '💥'.repeat(80) })],
    ['with a negative depth', (room) => resigned(room, { depth: -1 })],
    ['with too great a depth', (room) => resigned(room, { depth: 2 ** 65 })],
    ['with a depth that is text', (room) => resigned(room, { depth: '7' })],
    ['with a time that is none', (room) => resigned(room, { origin_server_ts: 1.5 })],
    ['with content that is none', (room) => resigned(room, { content: 'text' })],
    ['with a NUL in its type', (room) => resigned(room, { type: 'a\0b' })],
    ['with a NUL in its state key', (room) => resigned(room, { state_key: '\0' })],
    ['with too many events before it', (room) => {
      const ids = Array.from({ length: 21 }, (_, index) => EventId.parse(`$${index}:rogue.test`));
      return room.event({ prevEvents: ids });
    }],
    ['with the same authority twice', (room) => {
      const [create, ...rest] = room.authEvents.filter(({ type }) => type !== 'm.room.join_rules');
      const ids = [create!, ...rest, rest[0]!].map(({ eventId }) => eventId);
      return room.event({ authEvents: ids });
    }],
    ['with more authority than it needs', (room) =>
      room.event({ authEvents: room.authEvents.map(({ eventId }) => eventId) })],
  ]; // prettier-ignore

  for (const version of VERSIONS) {
    it(`is worth nothing in a room of version ${version}, unless it is as it should be`, async function () {
      this.timeout(30_000);
      const room = await enter(version);
      const bystander = await owner.createRoom();
      const before = await seen(room);
      expect(before.said).to.deep.equal([]);
      for (const [what, make] of worthless) {
        const { status } = await room.push(make(room));
        expect([what, status]).to.deep.equal([what, 200]);
        expect([what, await seen(room)]).to.deep.equal([what, before]);
      }
      const honest = room.event();
      expect((await room.push(honest)).body).to.deep.equal({ pdus: { [honest.eventId]: {} } });
      expect((await seen(room)).said.map(({ event_id }) => event_id)).to.deep.equal([honest.eventId]);
      await owner.say(bystander, 'all is well here');
    });
  }

  it('loses the content that does not match its hash', async () => {
    for (const version of VERSIONS) {
      const room = await enter(version);
      await room.push(tampered(room, { content: { msgtype: 'm.text', body: 'another text' } }));
      const { said } = await seen(room);
      expect(said.map(({ content }) => content)).to.deep.equal([{}]);
    }
  });

  it('may say odd numbers only where old versions let it', async () => {
    for (const version of VERSIONS) {
      const room = await enter(version);
      for (const odd of [1.5, 2 ** 60]) await room.push(resigned(room, { content: { odd } }));
      const { said } = await seen(room);
      expect([version, said.length]).to.deep.equal([version, Number(version) < 6 ? 2 : 0]);
    }
  });

  it('stands as deep as it says, up to the limit of its version', async () => {
    for (const version of VERSIONS) {
      const room = await enter(version);
      const deepest = Number(version) < 6 ? 2 ** 63 - 1025 : Number.MAX_SAFE_INTEGER;
      const deep = resigned(room, { depth: deepest });
      expect([version, (await room.push(deep)).status]).to.deep.equal([version, 200]);
      expect([version, (await seen(room)).said.length]).to.deep.equal([version, 1]);
      // Events after the deepest have nowhere to go; they must be made all the same.
      await owner.say(room.roomId, 'after the deepest');
    }
  });

  it('takes no authority from what was rejected', async () => {
    for (const version of VERSIONS) {
      const room = await enter(version);
      const rejected = levels(room);
      const authority = room.authEvents.filter(({ type }) => type === 'm.room.create' || type === 'm.room.member');
      const follower = room.event({
        type: 'm.room.topic',
        stateKey: '',
        content: { topic: 'mine' },
        authEvents: [...authority, rejected].map(({ eventId }) => eventId),
      });
      const { body } = await room.push(rejected, follower);
      expect(
        Object.values(body.pdus as Record<string, { error?: string }>).map(({ error }) => typeof error),
      ).to.deep.equal(['string', 'string']);
      const { status } = await owner.request('GET', `${pathOf(room.roomId)}/state/m.room.topic/`);
      expect(status).to.equal(404);
    }
  });

  it('is neither shown nor complained about when it comes too late', async () => {
    for (const version of VERSIONS) {
      const room = await enter(version);
      await owner.ask('POST', `${pathOf(room.roomId)}/ban`, { user_id: room.user });
      // By what its server knew, the event was allowed: it is kept, but not shown.
      const late = room.event();
      const { body } = await room.push(late);
      expect([version, body.pdus[late.eventId]]).to.deep.equal([version, {}]);
      expect([version, (await seen(room)).said]).to.deep.equal([version, []]);
    }
  });

  it('does not come from another room', async () => {
    for (const version of VERSIONS) {
      const [room, other] = [await enter(version), await enter(version)];
      await room.push(
        other.event({ roomId: room.roomId }),
        room.event({ authEvents: other.authEvents.map(({ eventId }) => eventId) }),
      );
      await room.push(room.event({ prevEvents: [other.last.eventId] }));
      expect((await seen(room)).said).to.deep.equal([]);
      expect((await seen(other)).said).to.deep.equal([]);
    }
  });

  it('does not take the id of an event of another room', async () => {
    const [room, other] = [await enter('1'), await enter('1')];
    const first = other.event();
    await other.push(first);
    const second = room.event({ eventId: first.eventId });
    expect((await room.push(second)).body.pdus[first.eventId].error).to.be.a('string');
    expect((await seen(room)).said).to.deep.equal([]);
    expect((await seen(other)).said.length).to.equal(1);
  });

  it('comes fifty at a time, and no more', async () => {
    const room = await enter('12');
    const events: Event[] = [];
    for (let n = 0; n < 51; n++) events.push((room.last = room.event()));
    expect((await room.push(...events)).status).to.equal(400);
    expect((await seen(room)).said).to.deep.equal([]);
    const { body } = await room.push(...events.slice(0, 50));
    expect(Object.keys(body.pdus as object).length).to.equal(50);
    expect((await seen(room)).said.length).to.equal(50);
  });

  it('counts once, however often it is sent', async () => {
    const room = await enter('12');
    const event = room.event();
    const push = (id: string) => rogue.push(room.server, [event.pdu], id);
    const answers = await Promise.all([push('same'), push('same'), push('other')]);
    for (const answer of [...answers, await push('same'), await push('later')]) {
      expect(answer.body).to.deep.equal({ pdus: { [event.eventId]: {} } });
    }
    expect((await seen(room)).said.length).to.equal(1);
  });

  it('of unknown rooms is passed over, and so is what is no event', async () => {
    const room = await enter('12');
    const honest = room.event();
    const strange = [{ ...honest.pdu, room_id: '!nowhere' }, null, 7, [], { room_id: room.roomId }, {}];
    const { status, body } = await rogue.push(room.server, [...strange, honest.pdu]);
    expect([status, body]).to.deep.equal([200, { pdus: { [honest.eventId]: {} } }]);
  });

  it('holds up nobody when what it follows never comes', async function () {
    this.timeout(20_000);
    const room = await enter('12');
    rogue.answers.set('/_matrix/federation', () => ({ status: 0, body: null }));
    const ghosts = Array.from({ length: 20 }, (_, n) => room.event({ prevEvents: [EventId.parse(`$ghost${n}`)] }));
    const stuck = room.push(...ghosts).catch((error: unknown) => error);
    const second = await Rogue.start('second.test', new ManualClock());
    await owner.say(room.roomId, 'still here');
    expect((await seen(room)).said).to.deep.equal([]);
    network.clock.advance(600_000);
    await stuck;
    await second[Symbol.asyncDispose]();
  });
});
