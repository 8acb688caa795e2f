import { sql } from '@holm/homeserver/storage/sql';
import type { Event } from '@holm/homeserver/core/events/event';
import type { Clock } from '@holm/homeserver/platform/clock';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';
import { RogueRoom } from '../src/rogue-room.ts';

const DAY_MS = 24 * 3_600_000;
const UNREDACTED = 'fi.mau.msc2815.include_unredacted_content=true';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('redactions', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    const clock: Clock = { now: () => network.clock.now(), sleep: () => Promise.resolve() };
    rogue = await Rogue.start('evil.test', clock);
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], strangers: { 'evil.test': rogue.url } });
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  let count = 0;
  const redact = async (who: Person, room: string, event: string, body: object = {}): Promise<string> =>
    (await who.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(event)}/r${++count}`, body)).event_id;
  const contentOf = async (who: Person, room: string, event: string): Promise<any> =>
    (await who.event(room, event)).body.content;
  const unredacted = (who: Person, room: string, event: string) =>
    who.request('GET', `${pathOf(room)}/event/${encodeURIComponent(event)}?${UNREDACTED}`);
  const idsOf = async (who: Person, room: string): Promise<string[]> =>
    (await who.history(room, 100)).map(({ event_id }) => event_id);
  const together = async (...people: readonly Person[]): Promise<string> => {
    const room = await alice.createRoom();
    for (const person of people) await person.join(room, ['a.test']);
    await network.settle();
    return room;
  };

  it('takes the content from everywhere, on every server, and says who took it', async () => {
    const room = await together(bob);
    const message = await alice.say(room, 'secret');
    await network.settle();
    const redaction = await redact(alice, room, message, { reason: 'oops' });
    await network.settle();
    for (const person of [alice, bob]) {
      const { body } = await person.event(room, message);
      expect(body.content).to.deep.equal({});
      expect(body.unsigned.redacted_because).to.include({ event_id: redaction, sender: alice.userId });
      const context = await person.ask('GET', `${pathOf(room)}/context/${encodeURIComponent(redaction)}?limit=10`);
      const sync = await person.ask('GET', '/sync');
      const all = JSON.stringify([await person.history(room), context, sync]);
      expect(all).to.include('oops').and.not.include('secret');
    }
    for (const name of ['a.test', 'b.test']) {
      const events = await network.server(name).running.services.rooms.engine.events.texts(await nidsOf(name, message));
      expect([...events.values()].join()).to.include('"content":{}');
    }
  });

  const rows = (name: string, statement: ReturnType<typeof sql>): Promise<any[]> =>
    network.server(name).rows(statement);
  const nidsOf = async (name: string, event: string): Promise<number[]> =>
    (await rows(name, sql`SELECT event_nid FROM events WHERE event_id = ${event}`)).map(({ event_nid }) => event_nid);

  it('lets those who may redact see what it was, until that is deleted for good', async () => {
    const room = await together(bob);
    const message = await bob.say(room, 'secret');
    await network.settle();
    await redact(bob, room, message);
    await network.settle();
    expect((await unredacted(alice, room, message)).body.content.body).to.equal('secret');
    expect((await unredacted(bob, room, message)).body.errcode).to.equal('M_FORBIDDEN');
    const { originals } = network.server('a.test').running.services.rooms.engine;
    network.clock.advance(6 * DAY_MS);
    await originals.prune();
    expect((await unredacted(alice, room, message)).status).to.equal(200);
    network.clock.advance(2 * DAY_MS);
    await originals.prune();
    const answer = await unredacted(alice, room, message);
    expect(answer.status).to.equal(404);
    expect(answer.body).to.include({
      errcode: 'FI.MAU.MSC2815_UNREDACTED_CONTENT_DELETED',
      'fi.mau.msc2815.content_keep_ms': 7 * DAY_MS,
    });
    expect(await contentOf(alice, room, message)).to.deep.equal({});
    const left = await rows('a.test', sql`SELECT 1 FROM redacted_originals`);
    expect(left).to.have.length(0);
  });

  it('takes what is said and taken back in one transaction', async () => {
    const room = await together(bob);
    network.cut('a.test', 'b.test');
    const message = await alice.say(room, 'secret');
    const redaction = await redact(alice, room, message);
    await network.heal('a.test', 'b.test');
    expect(await contentOf(bob, room, message)).to.deep.equal({});
    expect(await idsOf(bob, room)).to.include.members([message, redaction]);
    await network.stop('b.test');
    await network.start('b.test');
    expect(await contentOf(bob, room, message)).to.deep.equal({});
  });

  it('takes content from state, which stays in its place', async () => {
    const room = await together(bob);
    const topic = await alice.setState(room, ['m.room.topic', ''], { topic: 'secret' });
    await alice.setState(room, ['m.room.topic', ''], { topic: 'another' });
    const name = await alice.setState(room, ['m.room.name', ''], { name: 'secret' });
    const [member] = (await bob.ask('GET', `${pathOf(room)}/members`)).chunk.filter(
      ({ state_key }: any) => state_key === bob.userId,
    );
    await network.settle();
    for (const event of [topic, name, member.event_id]) await redact(alice, room, event);
    await network.settle();
    for (const person of [alice, bob]) {
      expect(await person.stateAt(room, ['m.room.name', ''])).to.deep.equal({});
      expect(await person.stateAt(room, ['m.room.member', bob.userId])).to.deep.equal({ membership: 'join' });
      expect((await person.state(room))['m.room.name ']).to.equal(name);
      expect(JSON.stringify(await person.ask('GET', '/sync'))).not.to.include('secret');
    }
    await bob.say(room, 'still here');
  });

  it('can be redacted itself, and what it took away stays away', async () => {
    const room = await together(bob);
    const message = await alice.say(room, 'secret');
    const first = await redact(alice, room, message, { reason: 'also a secret' });
    await redact(alice, room, first);
    await network.settle();
    for (const person of [alice, bob]) {
      expect(JSON.stringify(await person.history(room))).not.to.include('secret');
      expect(await contentOf(person, room, message)).to.deep.equal({});
    }
  });

  it('is refused where it would leave no room', async () => {
    const room = await alice.createRoom();
    const { 'm.room.create ': create } = await alice.state(room);
    const path = `${pathOf(room)}/redact/${encodeURIComponent(create!)}/x`;
    expect((await alice.request('PUT', path, {})).body.errcode).to.equal('M_FORBIDDEN');
  });

  describe('that come from another server', () => {
    const redactionOf = (room: RogueRoom, target: string, wish: object = {}): Event =>
      room.event({
        type: 'm.room.redaction',
        content: room.version.redactsKey === 'content' ? { redacts: target } : {},
        ...(room.version.redactsKey === 'content' ? {} : { redacts: target as never }),
        ...wish,
      });
    const enter = async (version: string): Promise<RogueRoom> => {
      const room = await alice.createRoom({ preset: 'public_chat', room_version: version });
      return RogueRoom.join(rogue, network.server('a.test'), room);
    };

    for (const version of ['3', '10', '12']) {
      it(`before what they redact wait for it, and are shown after it: version ${version}`, async () => {
        const room = await enter(version);
        const target = room.event({ content: { body: 'secret' } });
        const redaction = redactionOf(room, target.eventId);
        await alice.view.sync();
        await room.push(redaction);
        await network.settle();
        expect(await idsOf(alice, room.roomId)).not.to.include(redaction.eventId);
        expect((await alice.event(room.roomId, redaction.eventId)).status).to.equal(404);
        await alice.view.sync();
        // What follows it is shown, and the room goes on.
        const next = await alice.say(room.roomId, 'meanwhile');
        await network.stop('a.test');
        await network.start('a.test');
        await room.push(target);
        await network.settle();
        const ids = await idsOf(alice, room.roomId);
        expect(ids.slice(0, 3)).to.deep.equal([redaction.eventId, target.eventId, next]);
        expect(JSON.stringify(await alice.history(room.roomId))).not.to.include('secret');
        await alice.view.sync();
        const seen = alice.view.joined.get(room.roomId)!.timeline.map((event: any) => event.event_id);
        expect(seen.slice(-3)).to.deep.equal([next, target.eventId, redaction.eventId]);
        expect((await unredacted(alice, room.roomId, target.eventId)).body.content.body).to.equal('secret');
        expect(await rows('a.test', sql`SELECT 1 FROM awaited_redactions`)).to.have.length(0);
      });
    }

    for (const first of ['the redaction', 'what it redacts']) {
      it(`take effect in the transaction that brings both, ${first} first`, async () => {
        const room = await enter('12');
        const target = room.event({ content: { body: 'secret' } });
        const redaction = redactionOf(room, target.eventId);
        await room.push(...(first === 'the redaction' ? [redaction, target] : [target, redaction]));
        await network.settle();
        const check = async () => {
          expect((await idsOf(alice, room.roomId)).slice(0, 2)).to.have.members([redaction.eventId, target.eventId]);
          expect(JSON.stringify(await alice.history(room.roomId))).not.to.include('secret');
        };
        await check();
        await network.stop('a.test');
        await network.start('a.test');
        await check();
        expect((await unredacted(alice, room.roomId, target.eventId)).body.content.body).to.equal('secret');
      });
    }

    it('are not shown and have no effect where their sender has no power', async () => {
      const room = await enter('12');
      const message = await alice.say(room.roomId, 'mine');
      await alice.view.sync();
      const redaction = redactionOf(room, message);
      const answer = await room.push(redaction);
      expect(answer.body.pdus[redaction.eventId]).to.deep.equal({});
      await network.settle();
      expect(await contentOf(alice, room.roomId, message)).to.include({ body: 'mine' });
      expect(await idsOf(alice, room.roomId)).not.to.include(redaction.eventId);
      await alice.say(room.roomId, 'and it goes on');
      await alice.view.sync();
      expect(JSON.stringify(alice.view.joined.get(room.roomId)!.timeline)).not.to.include(redaction.eventId);
    });

    it('are refused by the rules of versions 1 and 2', async () => {
      const room = await enter('1');
      const message = await alice.say(room.roomId, 'mine');
      const redaction = redactionOf(room, message);
      const { body } = await room.push(redaction);
      expect(body.pdus[redaction.eventId].error).to.be.a('string');
      expect(await contentOf(alice, room.roomId, message)).to.include({ body: 'mine' });
      const own = room.event({ content: { body: 'secret' } });
      const taken = redactionOf(room, own.eventId);
      await room.push(taken);
      await room.push(own);
      await network.settle();
      expect(await idsOf(alice, room.roomId)).to.include(taken.eventId);
      expect(JSON.stringify(await alice.history(room.roomId))).not.to.include('secret');
    });
  });
});
