import type { EventDraft } from '@holm/homeserver/core/events/build';
import type { Event } from '@holm/homeserver/core/events/event';
import { EventId, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';

const federation = '/_matrix/federation/v1';
const eve = UserId.parse('@eve:rogue.test');

/** What comes in front of others that are there already, and would not be allowed any more. */
describe('events that fill a gap late', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let room: RogueRoom;
  /** Of Eve, who has been in the room, and is not any more. */
  let join: Event;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
  });
  beforeEach(async () => {
    rogue.answers.set(`${federation}/send/`, () => ({ status: 200, body: { pdus: {} } }));
    alice = await network.person('alice', 'a.test');
    room = await RogueRoom.join(
      rogue,
      network.server('a.test'),
      await alice.createRoom({ preset: 'public_chat', room_version: '11' }),
    );
    const authEvents = room.authEvents.slice(0, -1).map(({ eventId }) => eventId);
    const content = { membership: 'join' };
    join = room.event({ type: 'm.room.member', sender: eve, stateKey: eve, content, authEvents });
    await room.push(join);
    room.last = join;
    await network.settle();
    const query = `${encodeURIComponent(room.roomId)}?event_id=${encodeURIComponent(join.eventId)}`;
    const { body } = await rogue.send(room.server, 'GET', `${federation}/state_ids/${query}`);
    const ids = body as JsonObject;
    rogue.answers.set(`${federation}/get_missing_events`, () => ({ status: 200, body: { events: [] } }));
    rogue.answers.set(`${federation}/state_ids`, () => ({ status: 200, body: ids }));
    give();
  });
  afterEach(() => rogue.answers.clear());
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  /** What the rogue gives of the room's history: those of `events` that are asked for by their ids. */
  const give = (...events: readonly Event[]): void => {
    rogue.answers.set(`${federation}/backfill`, (uri) => {
      const wanted = new URL(uri, rogue.url).searchParams.getAll('v');
      return backfilled(events.filter(({ eventId }) => wanted.includes(eventId)));
    });
  };
  const backfilled = (events: readonly Event[]) => {
    const pdus = events.map(({ pdu }): Json => pdu);
    return { status: 200, body: { origin: rogue.name, origin_server_ts: 1, pdus } };
  };
  const byEve = (prev: Event, wish: Partial<EventDraft> = {}): Event => {
    const authority = room.authEvents.filter(({ type }) => type === 'm.room.create' || type === 'm.room.power_levels');
    const authEvents = [...authority, join].map(({ eventId }) => eventId);
    return room.event({ sender: eve, prevEvents: [prev.eventId], authEvents, ...wish });
  };
  const after$ = (...prev: readonly Event[]): Event => room.event({ prevEvents: prev.map(({ eventId }) => eventId) });
  const ban = () => alice.ask('POST', `/rooms/${encodeURIComponent(room.roomId)}/ban`, { user_id: eve });
  const taken = async (...events: readonly Event[]): Promise<void> => {
    const { body } = await room.push(...events);
    expect(body.pdus).to.deep.equal(Object.fromEntries(events.map(({ eventId }) => [eventId, {}])));
  };
  /** The newest `count` events but for the ban, newest first. */
  const newest = async (count: number): Promise<string[]> => {
    const events = await alice.history(room.roomId);
    const isBan = ({ content }: { content: JsonObject }) => content['membership'] === 'ban';
    return events.filter((event) => !isBan(event)).map(({ event_id: id }) => id as string).slice(0, count); // prettier-ignore
  };
  const idsOf = (...events: readonly Event[]): string[] => events.map(({ eventId }) => eventId);

  it('leave room for history that is being fetched into the same gap', async () => {
    const late = byEve(join);
    const other = after$(join);
    const last = after$(late, other);
    await ban();
    await taken(last);
    const answer = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    rogue.answers.set(`${federation}/backfill`, async () => {
      asked.resolve();
      await answer.promise;
      return backfilled([other]);
    });
    const seen = newest(4);
    await asked.promise;
    await taken(late);
    answer.resolve();
    expect(await seen).to.deep.equal(idsOf(last, late, other, join));
  });

  it('are found in the second of two holes, where they are missing before both', async () => {
    const missing = after$(join);
    const first = after$(missing);
    const second = after$(missing, first);
    await taken(first);
    await taken(second);
    give(missing);
    expect(await newest(4)).to.deep.equal(idsOf(second, first, missing, join));
  });

  it('are not asked for with every page that somebody reads, while nobody has them', async () => {
    const missing = after$(join);
    const last = after$(missing);
    await taken(last);
    const asksWhileReading = async (): Promise<number> => {
      const before = rogue.asked.length;
      expect(await newest(2)).to.deep.equal(idsOf(last, join));
      return rogue.asked.slice(before).filter((uri) => uri.includes('/backfill/')).length;
    };
    expect([await asksWhileReading(), await asksWhileReading()]).to.deep.equal([1, 0]);
    network.clock.advance(60_000);
    expect([await asksWhileReading(), await asksWhileReading()]).to.deep.equal([1, 0]);
    network.clock.advance(240_000);
    give(missing);
    expect(await newest(3)).to.deep.equal(idsOf(last, missing, join));
  });

  it('stand after what they follow, whatever they stand in front of', async () => {
    const early = byEve(join);
    const late = byEve(early);
    const first = after$(early);
    const second = after$(first, late);
    const last = after$(second);
    await ban();
    await taken(last);
    give(first, second);
    expect(await newest(3)).to.deep.equal(idsOf(last, second, first));
    await taken(early, late);
    expect(await newest(6)).to.deep.equal(idsOf(last, second, first, late, early, join));
  });

  it('do not stick: whoever is banned is not news', async () => {
    const sticky = { field: 'msc4354_sticky', durationMs: 3_600_000 } as const;
    const sentAt = network.clock.now();
    const [late, allowed] = [
      byEve(join, { sticky, sentAt }),
      room.event({ prevEvents: [join.eventId], sticky, sentAt }),
    ];
    const fetched = byEve(join, { sticky, sentAt });
    const last = after$(late, allowed, fetched);
    await ban();
    await taken(last);
    await taken(late);
    give(allowed, fetched);
    expect((await newest(5)).sort()).to.deep.equal(idsOf(last, late, fetched, allowed, join).sort());
    const { engine } = network.server('a.test').running.services.rooms;
    const stuck = engine.sticky.visible((await engine.rooms.joined(room.roomId)).nid);
    const events = await engine.events.load(stuck.map(({ nid }) => nid));
    expect([...events.values()].map(({ event }) => event.eventId)).to.deep.equal([allowed.eventId]);
  });

  for (const [what, wish] of [
    ['says nothing', { type: 'org.matrix.dummy_event', content: {} }],
    ['was rejected', { type: 'm.room.name', stateKey: '', content: { name: 'Den' } }],
  ] as const) {
    it(`let history go on behind them where it ${what}`, async () => {
      const missing = after$(join);
      const unseen = room.event({ ...wish, prevEvents: [missing.eventId] });
      const last = after$(unseen);
      await taken(last);
      await room.push(unseen);
      give(missing);
      expect(await newest(3)).to.deep.equal(idsOf(last, missing, join));
    });

    it(`let history go on behind what is fetched and ${what}`, async () => {
      const missing = after$(join);
      const unseen = room.event({ ...wish, prevEvents: [missing.eventId] });
      const last = after$(unseen);
      await taken(last);
      give(unseen, missing);
      expect(await newest(3)).to.deep.equal(idsOf(last, missing, join));
    });
  }

  it('are nothing that anybody is shown who looks for them by themselves', async () => {
    const late = byEve(join);
    await ban();
    await taken(late);
    expect((await alice.event(room.roomId, EventId.parse(late.eventId))).status).to.equal(404);
  });
});
