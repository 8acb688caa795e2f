import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';
import { RogueRoom } from '../src/rogue-room.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const HOUR = 3_600_000;

describe('jumping to a date', () => {
  let network: TestNetwork;
  let alice: Person;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  beforeEach(async () => (alice = await network.person('alice', 'a.test')));
  after(() => network[Symbol.asyncDispose]());

  const jump = (person: Person, room: string, ts: number | string, dir: string) =>
    call('GET', `${person.home.url}/_matrix/client/v1${pathOf(room)}/timestamp_to_event?ts=${ts}&dir=${dir}`, {
      token: person.token,
    });
  const found = async (person: Person, room: string, ts: number, dir: 'b' | 'f') => {
    const { status, body } = await jump(person, room, ts, dir);
    if (status !== 200) return `${status} ${body.errcode}`;
    const {
      event,
      events_before: before,
      events_after: after,
    } = await person.ask('GET', `${pathOf(room)}/context/${encodeURIComponent(body.event_id)}?limit=6`);
    expect(event.origin_server_ts).to.equal(body.origin_server_ts);
    expect([...before, ...after].map((one: any) => one.event_id)).not.to.include(event.event_id);
    return event.content.body ?? event.type;
  };
  /** A message each hour; resolves to when the first was said. */
  const chat = async (room: string, many: number): Promise<number> => {
    network.clock.advance(HOUR);
    const start = network.clock.now();
    for (let i = 0; i < many; i++) {
      await alice.say(room, `hour ${i}`);
      network.clock.advance(HOUR);
    }
    return start;
  };

  it('finds the closest event in the direction that is asked for', async () => {
    const room = await alice.createRoom();
    const start = await chat(room, 3);
    expect(await found(alice, room, start, 'f')).to.equal('hour 0');
    expect(await found(alice, room, start, 'b')).to.equal('hour 0');
    expect(await found(alice, room, start + 1, 'f')).to.equal('hour 1');
    expect(await found(alice, room, start + 2 * HOUR - 1, 'b')).to.equal('hour 1');
    expect(await found(alice, room, 0, 'f')).to.equal('m.room.create');
    expect(await found(alice, room, 0, 'b')).to.equal('404 M_NOT_FOUND');
    expect(await found(alice, room, start + 5 * HOUR, 'f')).to.equal('404 M_NOT_FOUND');
    for (const [ts, dir] of [
      ['x', 'f'],
      ['1e300', 'f'],
      ['', 'b'],
      [1, 'x'],
    ] as const) {
      expect((await jump(alice, room, ts, dir)).status, `${ts} ${dir}`).to.equal(400);
    }
  });

  it('tells nothing that one may not see', async () => {
    const room = await alice.createRoom({
      preset: 'public_chat',
      initial_state: [{ type: 'm.room.history_visibility', content: { history_visibility: 'joined' } }],
    });
    const start = await chat(room, 3);
    const bob = await network.person('bob', 'a.test');
    expect((await jump(bob, room, start, 'f')).body.errcode).to.equal('M_FORBIDDEN');
    await bob.join(room);
    await alice.say(room, 'for bob');
    expect(await found(bob, room, start, 'f')).to.equal('m.room.member');
    // How the room was set up he may see, and with that its change of mind.
    expect(await found(bob, room, start + HOUR, 'b')).to.equal('m.room.history_visibility');
    await bob.leave(room);
    network.clock.advance(HOUR);
    const later = network.clock.now();
    await alice.say(room, 'later');
    expect(await found(bob, room, later, 'f')).to.equal('404 M_NOT_FOUND');
    expect(await found(bob, room, later, 'b')).to.equal('m.room.member');
  });

  it('asks other servers for what was before this one came, and fetches it', async () => {
    const room = await alice.createRoom();
    const start = await chat(room, 150);
    const bob = await network.person('bob', 'b.test');
    await bob.join(room, ['a.test']);
    await network.settle();
    expect(await found(bob, room, start + 20 * HOUR, 'f')).to.equal('hour 20');
    expect(await found(bob, room, start + 20 * HOUR + 1, 'b')).to.equal('hour 20');
    // From there on one can read on in both directions, to the end of each.
    const { event_id: id } = (await jump(bob, room, start + 20 * HOUR, 'f')).body;
    const context = await bob.ask('GET', `${pathOf(room)}/context/${encodeURIComponent(id)}?limit=0`);
    const texts = async (dir: 'b' | 'f', from: string) => {
      const events: any[] = [];
      for (let next: string | undefined = from; next !== undefined;) {
        const page: any = await bob.ask('GET', `${pathOf(room)}/messages?dir=${dir}&limit=50&from=${next}`);
        events.push(...page.chunk);
        next = page.end;
      }
      return textsOf(events);
    };
    const hours = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `hour ${from + i}`);
    expect(await texts('b', context.start)).to.eql(hours(0, 20).reverse());
    expect(await texts('f', context.end)).to.eql(hours(21, 150));
    // It is all there now, once and in its order.
    network.cut('a.test', 'b.test');
    expect(textsOf(await bob.history(room)).reverse()).to.eql(hours(0, 150));
    expect(await found(bob, room, start + 77 * HOUR, 'b')).to.equal('hour 77');
    await network.heal('a.test', 'b.test');
  });

  it('is answered with what is here when nobody else answers', async () => {
    const room = await alice.createRoom();
    const start = await chat(room, 3);
    const bob = await network.person('bob', 'b.test');
    await bob.join(room, ['a.test']);
    await network.settle();
    network.cut('a.test', 'b.test');
    expect(await found(bob, room, start, 'b')).to.equal('404 M_NOT_FOUND');
    expect(await found(bob, room, start, 'f')).to.equal('m.room.member');
    await network.heal('a.test', 'b.test');
  });

  it('believes nobody who only says that they have something', async () => {
    const clock = new ManualClock();
    const rogue = await Rogue.start('rogue.test', clock);
    await using other = await TestNetwork.with({ names: ['c.test', 'd.test'], strangers: { 'rogue.test': rogue.url } });
    const carol = await other.person('carol', 'c.test');
    const dan = await other.person('dan', 'd.test');
    const room = await carol.createRoom();
    const elsewhere = await RogueRoom.join(rogue, other.server('c.test'), await carol.createRoom());
    await RogueRoom.join(rogue, other.server('c.test'), room);
    await dan.join(room, ['c.test']);
    await other.settle();
    other.cut('c.test', 'd.test');
    const lie = elsewhere.event({ sentAt: 1000 });
    const say = (body: any) => () => ({ status: 200, body });
    const federation = '/_matrix/federation/v1';
    for (const claimed of [lie.eventId, '$nothing', 7]) {
      rogue.answers.set(`${federation}/timestamp_to_event`, say({ event_id: claimed, origin_server_ts: 1000 }));
      rogue.answers.set(`${federation}/backfill`, say({ pdus: [lie.pdu] }));
      rogue.asked.length = 0;
      expect((await jump(dan, room, 1500, 'b')).body.errcode, String(claimed)).to.equal('M_NOT_FOUND');
      expect(rogue.asked.some((uri) => uri.startsWith(`${federation}/timestamp_to_event`))).to.equal(true);
    }
    await other.heal('c.test', 'd.test');
    await rogue[Symbol.asyncDispose]();
  });

  it('is for servers that are in the room', async () => {
    const rogue = await Rogue.start('rogue.test', network.clock);
    await using other = await TestNetwork.with({ names: ['c.test'], strangers: { 'rogue.test': rogue.url } });
    const carol = await other.person('carol', 'c.test');
    const room = await carol.createRoom();
    const uri = `/_matrix/federation/v1/timestamp_to_event/${encodeURIComponent(room)}?ts=0&dir=f`;
    const refused = await rogue.send(other.server('c.test'), 'GET', uri);
    expect([refused.status, refused.body.errcode]).to.eql([403, 'M_FORBIDDEN']);
    await rogue[Symbol.asyncDispose]();
  });
});
