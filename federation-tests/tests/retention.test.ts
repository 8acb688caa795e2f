import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { numberOf } from '../src/upkeep.ts';

const HOUR = 3_600_000;
const WISH = ['m.room.retention', ''] as const;

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('retention', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => {
    const retention = { enabled: true, allowed_lifetime_min_ms: HOUR };
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], config: { rooms: { retention } } });
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const expiry = (name: string) => network.server(name).running.services.upkeep.expiry;
  const stored = async (name: string, room: string): Promise<string> => {
    const server = network.server(name);
    const rows = await server.rows<{ json: string }>(sql`
      SELECT json FROM events WHERE room_nid = ${await numberOf(server, room)}`);
    return rows.map(({ json }) => json).join('\n');
  };
  const said = async (who: Person, room: string): Promise<string[]> => textsOf(await who.history(room)).reverse();
  const withWish = async (wish: object): Promise<string> => {
    const room = await alice.createRoom();
    await alice.setState(room, WISH, wish);
    await bob.join(room, ['a.test']);
    await network.settle();
    return room;
  };

  it('shows no message that has expired, at once and wherever it is read', async () => {
    const room = await withWish({ max_lifetime: 2 * HOUR });
    const old = await alice.say(room, 'old');
    await network.settle();
    network.clock.advance(HOUR);
    const young = await alice.say(room, 'young');
    await network.settle();
    for (const person of [alice, bob]) expect(await said(person, room)).to.deep.equal(['old', 'young']);
    network.clock.advance(HOUR + 1);
    for (const person of [alice, bob]) {
      expect(await said(person, room)).to.deep.equal(['young']);
      expect((await person.event(room, old)).status).to.equal(404);
      const context = await person.ask('GET', `${pathOf(room)}/context/${encodeURIComponent(young)}?limit=20`);
      const fresh = await person.login();
      await fresh.view.sync();
      expect(JSON.stringify([context, fresh.view.joined.get(room)!.timeline])).not.to.include('"old"');
    }
    // It is all still there, until it is removed.
    expect(await stored('a.test', room)).to.include('"old"');
  });

  it('counts nothing that has expired among what is said about others', async () => {
    const room = await withWish({ max_lifetime: 2 * HOUR });
    const root = await alice.say(room, 'root');
    const { sender } = network.server('a.test').running.services.rooms.engine;
    // Their servers say when events were sent, and bridges when it was that somebody said something.
    const relate = (rel_type: string, sentAt: number) =>
      sender.send(room as never, {
        type: 'm.room.message',
        sender: alice.userId as never,
        content: { body: rel_type, 'm.new_content': { body: 'edited' }, 'm.relates_to': { rel_type, event_id: root } },
        sentAt,
      });
    const old = network.clock.now() - 3 * HOUR;
    for (const type of ['m.thread', 'm.replace', 'm.reference']) await relate(type, old);
    const bundled = async () => (await alice.event(room, root)).body.unsigned?.['m.relations'];
    expect(await bundled()).to.equal(undefined);
    const filter = encodeURIComponent(JSON.stringify({ related_by_rel_types: ['m.thread'] }));
    const related = async () => (await alice.ask('GET', `${pathOf(room)}/messages?dir=b&filter=${filter}`)).chunk;
    expect(await related()).to.deep.equal([]);
    await relate('m.thread', network.clock.now());
    await relate('m.thread', old);
    expect((await bundled())['m.thread']).to.include({ count: 1 });
    expect(await related()).to.have.length(1);
  });

  it('removes them from the disk in the background, on each server, and the room goes on', async () => {
    const room = await withWish({ max_lifetime: 2 * HOUR });
    for (let number = 0; number < 30; number++) await alice.say(room, `old ${number}`);
    const state = await alice.state(room);
    await network.settle();
    network.clock.advance(2 * HOUR + 1);
    await alice.say(room, 'young');
    await network.settle();
    for (const name of ['a.test', 'b.test']) {
      expect(await expiry(name).run()).to.be.greaterThanOrEqual(30);
      expect(await stored(name, room))
        .to.include('"young"')
        .and.not.include('old ');
      expect(await expiry(name).run()).to.equal(0);
    }
    await bob.say(room, 'younger');
    await network.settle();
    for (const person of [alice, bob]) {
      expect(await said(person, room)).to.deep.equal(['young', 'younger']);
      expect(await person.state(room)).to.deep.equal(state);
    }
  });

  it('leaves a room with nothing new its end, without what was said', async () => {
    const room = await withWish({ max_lifetime: 2 * HOUR });
    await alice.say(room, 'the last');
    await network.settle();
    network.clock.advance(3 * HOUR);
    for (const name of ['a.test', 'b.test']) {
      await expiry(name).run();
      expect(await stored(name, room)).not.to.include('the last');
      await network.stop(name);
      await network.start(name);
    }
    await bob.say(room, 'one more');
    await network.settle();
    for (const person of [alice, bob]) expect(await said(person, room)).to.deep.equal(['one more']);
  });

  it('does not fetch from others what it has removed, or would', async () => {
    const room = await alice.createRoom();
    for (let number = 0; number < 5; number++) await alice.say(room, `old ${number}`);
    network.clock.advance(3 * HOUR);
    await alice.say(room, 'young');
    await bob.join(room, ['a.test']);
    await network.settle();
    // Bob's server does not know the history yet, and the room says now how long that lasts.
    await alice.setState(room, WISH, { max_lifetime: 2 * HOUR });
    await network.settle();
    expect(await said(bob, room)).to.deep.equal(['young']);
    expect(await stored('b.test', room)).not.to.include('old ');
  });

  it('follows the room: what has not been removed comes back when it may', async () => {
    const room = await withWish({ max_lifetime: HOUR });
    await alice.say(room, 'a while ago');
    network.clock.advance(2 * HOUR);
    expect(await said(alice, room)).to.deep.equal([]);
    await alice.setState(room, WISH, {});
    expect(await said(alice, room)).to.deep.equal(['a while ago']);
    await alice.setState(room, WISH, { max_lifetime: HOUR });
    expect(await said(alice, room)).to.deep.equal([]);
  });

  it('keeps messages for as long as the server wants it at least', async () => {
    const room = await withWish({ max_lifetime: 1 });
    await alice.say(room, 'hello');
    network.clock.advance(HOUR - 1);
    expect(await said(alice, room)).to.deep.equal(['hello']);
    network.clock.advance(2);
    expect(await said(alice, room)).to.deep.equal([]);
  });

  it('leaves rooms alone that say nothing', async () => {
    const room = await alice.createRoom();
    await alice.say(room, 'for ever');
    network.clock.advance(24 * 365 * HOUR);
    await expiry('a.test').run();
    expect(await said(alice, room)).to.deep.equal(['for ever']);
  });

  it('takes what was redacted with the rest', async () => {
    const room = await withWish({ max_lifetime: 2 * HOUR });
    const message = await alice.say(room, 'secret');
    const topic = await alice.setState(room, ['m.room.topic', ''], { topic: 'also secret' });
    for (const event of [message, topic]) {
      await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(event)}/${encodeURIComponent(event)}`, {});
    }
    await network.settle();
    network.clock.advance(3 * HOUR);
    await alice.say(room, 'young');
    await expiry('a.test').run();
    const server = network.server('a.test');
    const nid = await numberOf(server, room);
    const originals = await server.rows<{ json: string }>(
      sql`SELECT json FROM redacted_originals WHERE room_nid = ${nid}`,
    );
    expect(originals.map(({ json }) => json).join())
      .to.include('also secret')
      .and.not.include('"secret"');
    // State that has been redacted says so for ever.
    const [shown] = (await alice.ask('GET', `${pathOf(room)}/state`)).filter(({ event_id }: any) => event_id === topic);
    expect(shown.unsigned.redacted_because.type).to.equal('m.room.redaction');
  });
});
