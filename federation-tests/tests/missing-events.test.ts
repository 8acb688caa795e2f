import type { Event } from '@holm/homeserver/core/events/event';
import { EventId, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

const VERSIONS = ['6', '11', '12'];
const federation = '/_matrix/federation/v1';
const eve = UserId.parse('@eve:rogue.test');

describe('what events rest on and a server does not have', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test']));
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  // Who does not take what it is sent is left alone for a while.
  const listen = () => rogue.answers.set(`${federation}/send/`, () => ({ status: 200, body: { pdus: {} } }));
  beforeEach(listen);
  afterEach(() => rogue.answers.clear());
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const enter = async (version: string, users: object = {}): Promise<RogueRoom> => {
    const creator = version === '12' ? {} : { [alice.userId]: 100 };
    const room = await alice.createRoom({
      preset: 'public_chat',
      room_version: version,
      power_level_content_override: { users: { ...creator, ...users } },
    });
    await bob.join(room, ['a.test']);
    const entered = await RogueRoom.join(rogue, network.server('a.test'), room);
    await network.settle();
    return entered;
  };
  const said = async (person: Person, { roomId }: RogueRoom) => textsOf(await person.history(roomId));
  const errorOf = async (room: RogueRoom, event: Event): Promise<unknown> =>
    (await room.push(event)).body.pdus[event.eventId].error;
  const joinOf = (room: RogueRoom): Event =>
    room.event({
      type: 'm.room.member',
      sender: eve,
      stateKey: eve,
      content: { membership: 'join' },
      authEvents: room.authEvents.slice(0, -1).map(({ eventId }) => eventId),
    });
  /** Something that Eve says, by the authority of her join. */
  const byEve = (room: RogueRoom, join: Event, after: Event): Event => {
    const authority = room.authEvents.filter(({ type }) => type === 'm.room.create' || type === 'm.room.power_levels');
    return room.event({
      sender: eve,
      content: { msgtype: 'm.text', body: 'I am Eve' },
      authEvents: [...authority, join].map(({ eventId }) => eventId),
      prevEvents: [after.eventId],
    });
  };

  for (const version of VERSIONS) {
    it(`is waited for: an auth event that nobody gave turns out to exist, in version ${version}`, async () => {
      const room = await enter(version);
      const join = joinOf(room);
      const event = byEve(room, join, join);
      expect(await errorOf(room, event)).to.match(/auth events are missing/);
      expect(await said(alice, room)).to.deep.equal([]);
      expect(await errorOf(room, join)).to.equal(undefined);
      await network.settle();
      expect(await said(alice, room)).to.deep.equal(['I am Eve']);
    });

    it(`is waited for: a prev event that nobody gave turns out to exist, in version ${version}`, async () => {
      const room = await enter(version);
      const first = room.event({ content: { msgtype: 'm.text', body: 'first' } });
      const second = room.event({ content: { msgtype: 'm.text', body: 'second' }, prevEvents: [first.eventId] });
      expect(await errorOf(room, second)).to.match(/prev events are missing/);
      await network.server('a.test').stop();
      await network.start('a.test');
      expect(await errorOf(room, first)).to.equal(undefined);
      await network.settle();
      expect(await said(alice, room)).to.deep.equal(['second', 'first']);
    });
  }

  it('is asked of another server in the room, at once or later', async () => {
    const room = await enter('11');
    const first = room.event({ content: { msgtype: 'm.text', body: 'first' } });
    const second = room.event({ content: { msgtype: 'm.text', body: 'second' }, prevEvents: [first.eventId] });
    await rogue.push(network.server('b.test'), [first.pdu]);
    expect(await errorOf(room, second)).to.equal(undefined);
    expect(await said(alice, room)).to.deep.equal(['second', 'first']);

    network.cut('a.test', 'b.test');
    const third = room.event({ content: { msgtype: 'm.text', body: 'third' }, prevEvents: [second.eventId] });
    const fourth = room.event({ content: { msgtype: 'm.text', body: 'fourth' }, prevEvents: [third.eventId] });
    await rogue.push(network.server('b.test'), [second.pdu, third.pdu]);
    expect(await errorOf(room, fourth)).to.match(/prev events are missing/);
    await network.heal('a.test', 'b.test');
    await network.server('a.test').running.services.rooms.ingest.retryHeld();
    expect(await said(alice, room)).to.deep.equal(['fourth', 'third', 'second', 'first']);
  });

  const get = async (uri: string): Promise<JsonObject> => {
    const { status, body } = await rogue.send(network.server('a.test'), 'GET', uri);
    expect([uri, status]).to.deep.equal([uri, 200]);
    return body as JsonObject;
  };
  /** The rogue says of all events that the state before them is this one. */
  const lie = (ids: Json, whole: Json): void => {
    rogue.answers.set(`${federation}/get_missing_events`, () => ({ status: 200, body: { events: [] } }));
    rogue.answers.set(`${federation}/state_ids`, () => ({ status: 200, body: ids }));
    rogue.answers.set(`${federation}/state/`, () => ({ status: 200, body: whole }));
  };
  const stateOf = async ({ roomId }: RogueRoom, eventId: string): Promise<[ids: JsonObject, whole: JsonObject]> => {
    const query = `${encodeURIComponent(roomId)}?event_id=${encodeURIComponent(eventId)}`;
    return [await get(`${federation}/state_ids/${query}`), await get(`${federation}/state/${query}`)];
  };

  for (const version of VERSIONS) {
    it(`cannot be used to hide a ban, in version ${version}`, async () => {
      const room = await enter(version);
      const join = joinOf(room);
      await room.push(join);
      await rogue.push(network.server('b.test'), [join.pdu]);
      const isBannedAt = async (person: Person): Promise<boolean> => (await person.members(room.roomId))[eve] === 'ban';
      expect((await bob.members(room.roomId))[eve]).to.equal('join');

      network.cut('a.test', 'b.test');
      await alice.ask('POST', `${pathOf(room.roomId)}/ban`, { user_id: eve });
      const state = await alice.ask('GET', `${pathOf(room.roomId)}/state`);
      const ban: string = state.find(({ state_key: key }: { state_key: string }) => key === eve).event_id;
      lie(...(await stateOf(room, ban)));
      // Something that is said after the ban, to a server that does not know of it and is told that there was none.
      const cover = room.event({ prevEvents: [EventId.parse(ban)], depth: 100 });
      const { body } = await rogue.push(network.server('b.test'), [cover.pdu]);
      expect(body.pdus[cover.eventId]).to.deep.equal({});
      expect(await isBannedAt(bob)).to.equal(false);
      await network.heal('a.test', 'b.test');
      expect(await isBannedAt(bob)).to.equal(true);
      await bob.say(room.roomId, 'gone');
      await network.settle();
      expect(await isBannedAt(alice)).to.equal(true);
      expect(await bob.state(room.roomId)).to.deep.equal(await alice.state(room.roomId));
    });

    it(`takes a rejection back that rested on it, and those that rested on that, in version ${version}`, async () => {
      const room = await enter(version, { '@mallory:rogue.test': 100 });
      const join = room.last;
      await room.push((room.last = joinOf(room)));
      const levels = await alice.stateAt(room.roomId, ['m.room.power_levels', '']);
      // The state before the rogue's own join: by that, it may do nothing.
      lie(...(await stateOf(room, join.eventId)));
      const missing = room.event({ content: { msgtype: 'm.text', body: 'missing' } });
      const power = room.event({
        type: 'm.room.power_levels',
        stateKey: '',
        content: { ...levels, users: { ...levels.users, [eve]: 50 } },
        prevEvents: [missing.eventId],
      });
      const create = room.authEvents.find(({ type }) => type === 'm.room.create')!;
      const topic = room.event({
        type: 'm.room.topic',
        stateKey: '',
        sender: eve,
        content: { topic: 'by Eve' },
        prevEvents: [power.eventId],
        authEvents: [create.eventId, power.eventId, room.last.eventId],
      });
      expect(await errorOf(room, power)).to.be.a('string');
      expect(await errorOf(room, topic)).to.match(/an auth event was rejected/);
      const topicNow = () => alice.request('GET', `${pathOf(room.roomId)}/state/m.room.topic/`);
      expect((await topicNow()).status).to.equal(404);
      expect(await errorOf(room, missing)).to.equal(undefined);
      expect((await topicNow()).body).to.deep.equal({ topic: 'by Eve' });
      expect((await alice.stateAt(room.roomId, ['m.room.power_levels', ''])).users[eve]).to.equal(50);
      // It holds after a restart, too, and others come to the same state.
      await network.server('a.test').stop();
      await network.start('a.test');
      rogue.answers.clear();
      listen();
      await alice.say(room.roomId, 'what now?');
      await network.settle();
      expect((await topicNow()).body).to.deep.equal({ topic: 'by Eve' });
    });
  }

  it('is found behind what was refused, too: history has no hole there', async () => {
    const room = await enter('11');
    const join = joinOf(room);
    await room.push(join);
    room.last = byEve(room, join, join);
    await room.push(room.last);
    const [ids, whole] = await stateOf(room, room.last.eventId);
    await alice.ask('POST', `${pathOf(room.roomId)}/ban`, { user_id: eve });
    const missing = room.event({ content: { msgtype: 'm.text', body: 'missing' } });
    // By the state before it this was allowed; by the current one it is not. What comes after it is, again.
    const late = byEve(room, join, missing);
    const last = room.event({ content: { msgtype: 'm.text', body: 'last' }, prevEvents: [late.eventId] });
    lie(ids, whole);
    expect(await errorOf(room, late)).to.equal(undefined);
    expect(await errorOf(room, last)).to.equal(undefined);
    rogue.answers.set(`${federation}/backfill`, () => ({
      status: 200,
      body: { origin: rogue.name, origin_server_ts: 1, pdus: [missing.pdu] },
    }));
    expect(await said(alice, room)).to.deep.equal(['last', 'missing', 'I am Eve']);
  });

  it('is history when it comes after others have moved on, though it would not be allowed any more', async () => {
    const room = await enter('11');
    const join = joinOf(room);
    await room.push(join);
    room.last = byEve(room, join, join);
    await room.push(room.last);
    const word = byEve(room, join, room.last);
    const leave = room.event({
      type: 'm.room.member',
      sender: eve,
      stateKey: eve,
      content: { membership: 'leave' },
      authEvents: word.authEvents,
      prevEvents: [word.eventId],
    });
    const last = room.event({ content: { msgtype: 'm.text', body: 'last' }, prevEvents: [leave.eventId] });
    const [ids] = await stateOf(room, room.last.eventId);
    const named = (ids['pdu_ids'] as string[]).map((id) => (id === join.eventId ? leave.eventId : id));
    lie({ pdu_ids: named, auth_chain_ids: [...(ids['auth_chain_ids'] as string[]), join.eventId] }, {});
    rogue.answers.set(`${federation}/event/`, () => ({
      status: 200,
      body: { origin: rogue.name, origin_server_ts: 1, pdus: [leave.pdu] },
    }));
    expect(await errorOf(room, last)).to.equal(undefined);
    expect((await alice.members(room.roomId))[eve]).to.equal('leave');
    await alice.view.sync();
    expect((await room.push(word, leave)).body.pdus).to.deep.equal({ [word.eventId]: {}, [leave.eventId]: {} });
    const history = (await alice.history(room.roomId)).map(({ event_id: id }) => id as string);
    const ofEve = [last, leave, word, room.last, join].map(({ eventId }) => eventId as string);
    expect(history.slice(0, ofEve.length)).to.deep.equal(ofEve);
    expect((await alice.view.sync()).rooms?.join ?? {}, 'that is no news').to.deep.equal({});
    expect((await alice.members(room.roomId))[eve]).to.equal('leave');
  });

  it('is all that is fetched of a state: the rest is named by its ids', async () => {
    const room = await enter('11');
    const own = room.authEvents.find(({ stateKey }) => stateKey === room.user)!;
    const profile = room.event({
      type: 'm.room.member',
      stateKey: room.user,
      content: { membership: 'join', displayname: 'Mallory' },
      sentAt: own.sentAt + 1,
      authEvents: room.authEvents.map(({ eventId }) => eventId),
    });
    const event = room.event({ prevEvents: [profile.eventId] });
    const said = await alice.say(room.roomId, 'before');
    const [ids] = await stateOf(room, said);
    const named = (ids['pdu_ids'] as string[]).map((id) => (id === own.eventId ? profile.eventId : id));
    lie({ ...ids, pdu_ids: named }, {});
    let wish: unknown;
    rogue.answers.set(`${federation}/get_missing_events`, (_, sent) => {
      wish = sent;
      return { status: 200, body: { events: [] } };
    });
    rogue.answers.set(`${federation}/event/`, () => ({
      status: 200,
      body: { origin: rogue.name, origin_server_ts: 1, pdus: [profile.pdu] },
    }));
    const asked = rogue.asked.length;
    expect(await errorOf(room, event)).to.equal(undefined);
    expect(wish).to.deep.include({ latest_events: [event.eventId], limit: 20, min_depth: 1 });
    const paths = rogue.asked.slice(asked).map((uri) => uri.split('/')[4]);
    expect(paths.filter((path) => path !== 'send')).to.deep.equal(['get_missing_events', 'state_ids', 'event']);
    const members: { state_key: string; content: object }[] = await alice.ask('GET', `${pathOf(room.roomId)}/state`);
    expect(members.find(({ state_key: key }) => key === room.user)!.content).to.include({ displayname: 'Mallory' });
  });

  // Last, because the rogue's key has expired when it is over.
  it('is not waited for in any number, nor for ever', async () => {
    const room = await enter('11');
    const held = (): Promise<number> => network.server('a.test').running.services.rooms.held.count();
    const before = await held();
    for (let n = 0; n < 3; n++) {
      await room.push(
        ...Array.from({ length: 50 }, (_, i) => room.event({ prevEvents: [EventId.parse(`$ghost${n}x${i}`)] })),
      );
    }
    expect((await held()) - before).to.equal(100);
    for (let n = 0; n < 20; n++) {
      network.clock.advance(1_000 * 60 * 300);
      await network.server('a.test').running.services.rooms.ingest.retryHeld();
    }
    expect(await held()).to.equal(0);
    expect(await said(alice, room)).to.deep.equal([]);
  });
});
