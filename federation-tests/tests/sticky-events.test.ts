import type { RoomId, ServerName } from '@holm/spec/ids';
import { latestEvents } from '@holm/homeserver/rooms/remote/latest-events';
import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

describe('sticky events', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  let count = 0;

  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test', 'c.test');
  });
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
    room = await alice.createRoom();
    await bob.join(room);
  });

  const stick = async (who: Person, name: string, durationMs = 10 * MINUTE_MS): Promise<string> => {
    const query = `org.matrix.msc4354.sticky_duration_ms=${durationMs}`;
    return (await who.ask('PUT', `${pathOf(room)}/send/org.example/s${count++}?${query}`, { name })).event_id;
  };
  /** More than a first page of a timeline. */
  const chatter = async () => {
    for (let i = 0; i < 12; i++) await alice.say(room, `${i}`);
  };
  const stuckIn = (answer: any): string[] =>
    (answer.rooms?.join?.[room]?.msc4354_sticky?.events ?? []).map(({ content }: any) => content.name);
  const timelineOf = (answer: any): any[] => answer.rooms?.join?.[room]?.timeline?.events ?? [];
  const syncOf = (who: Person, query: string) => who.ask('GET', `/sync?timeout=0${query}`);
  const restart = async (name: string) => {
    await network.stop(name);
    await network.start(name);
  };

  it('say so, and for how long they go on', async () => {
    const id = await stick(alice, 'one');
    network.clock.advance(MINUTE_MS);
    const answer = await syncOf(bob, '');
    const event = timelineOf(answer).find(({ event_id: of }) => of === id);
    expect(event.msc4354_sticky).to.eql({ duration_ms: 10 * MINUTE_MS });
    expect(event.unsigned.msc4354_sticky_duration_ttl_ms).to.equal(9 * MINUTE_MS);
    expect(stuckIn(answer)).to.eql([]);
    expect((await bob.event(room, id)).body.msc4354_sticky).to.eql({ duration_ms: 10 * MINUTE_MS });
    network.clock.advance(9 * MINUTE_MS);
    const later = timelineOf(await syncOf(bob, '')).find(({ event_id: of }) => of === id);
    expect(later.unsigned).to.not.have.property('msc4354_sticky_duration_ttl_ms');
    const { body } = await call('GET', `${network.server('a.test').url}/_matrix/client/versions`);
    expect(body.unstable_features).to.include({ 'org.matrix.msc4354': true });
  });

  it('have the names that they will have, too', async () => {
    const query = `sticky_duration_ms=${HOUR_MS}`;
    await alice.ask('PUT', `${pathOf(room)}/send/org.example/n?${query}`, { name: 'stable' });
    await chatter();
    const { sticky, ...rest } = (await syncOf(bob, '')).rooms.join[room];
    expect(rest).to.not.have.property('msc4354_sticky');
    expect(sticky.events[0]).to.deep.include({ sticky: { duration_ms: HOUR_MS }, content: { name: 'stable' } });
    expect(sticky.events[0].unsigned.sticky_duration_remaining_ms).to.equal(HOUR_MS);
  });

  it('do not stick for longer than an hour', async () => {
    const query = `org.matrix.msc4354.sticky_duration_ms=${HOUR_MS + 1}`;
    const refused = await alice.request('PUT', `${pathOf(room)}/send/org.example/x?${query}`, {});
    expect([refused.status, refused.body.errcode]).to.eql([400, 'M_INVALID_PARAM']);
  });

  it('reach who was away for longer than a timeline is, once', async () => {
    await bob.view.sync();
    await stick(alice, 'one');
    await stick(alice, 'two');
    await chatter();
    const answer = await bob.view.sync();
    expect(timelineOf(answer)).to.have.length(10);
    expect(stuckIn(answer)).to.eql(['one', 'two']);
    const [first] = answer.rooms.join[room].msc4354_sticky.events;
    expect(first).to.include({ sender: alice.userId, type: 'org.example' });
    expect(first.unsigned.msc4354_sticky_duration_ttl_ms).to.equal(10 * MINUTE_MS);
    await alice.say(room, 'more');
    expect(stuckIn(await bob.view.sync())).to.eql([]);
    expect(stuckIn(await syncOf(bob, ''))).to.eql(['one', 'two']);
  });

  it('are told apart from the timeline when a filter keeps them out of it', async () => {
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { types: ['m.room.message'] } } }));
    const { next_batch: since } = await syncOf(bob, `&filter=${filter}`);
    await stick(alice, 'filtered');
    expect(stuckIn(await syncOf(bob, `&filter=${filter}&since=${since}`))).to.eql(['filtered']);
  });

  it('reach who joins later, whatever of history they may see, as long as they stick', async () => {
    await alice.setState(room, ['m.room.history_visibility', ''], { history_visibility: 'joined' });
    await stick(alice, 'short', 5 * MINUTE_MS);
    await stick(alice, 'long', 20 * MINUTE_MS);
    const [early, late] = [await network.person('early', 'a.test'), await network.person('late', 'a.test')];
    await early.view.sync();
    await early.join(room);
    const answer = await early.view.sync();
    expect(stuckIn(answer)).to.eql(['short', 'long']);
    expect(timelineOf(answer).some(({ type }) => type === 'org.example')).to.equal(false);
    network.clock.advance(5 * MINUTE_MS);
    await late.join(room);
    expect(stuckIn(await late.view.sync())).to.eql(['long']);
  });

  it('are nothing special any more once they are redacted', async () => {
    const id = await stick(alice, 'regretted');
    await stick(alice, 'kept');
    await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(id)}/r`, {});
    await chatter();
    expect(stuckIn(await syncOf(bob, ''))).to.eql(['kept']);
  });

  it('survive a restart, and are swept away when they are over', async () => {
    await stick(alice, 'one', 30 * MINUTE_MS);
    await chatter();
    await restart('a.test');
    expect(stuckIn(await syncOf(bob, ''))).to.eql(['one']);
    const { running } = network.server('a.test');
    network.clock.advance(HOUR_MS);
    expect(stuckIn(await syncOf(bob, ''))).to.eql([]);
    await running.services.rooms.sticky.expire(network.clock.now());
    expect(running.services.rooms.engine.sticky.size).to.equal(0);
  });

  it('can be delayed', async () => {
    const path = `${pathOf(room)}/send/org.example/d`;
    const query = `org.matrix.msc4140.delay=5000&org.matrix.msc4354.sticky_duration_ms=${HOUR_MS}`;
    await alice.ask('PUT', `${path}?${query}`, { name: 'late' });
    await bob.view.sync();
    network.clock.advance(5_000);
    await network.settle();
    const [event] = timelineOf(await bob.view.sync());
    expect(event).to.deep.include({ content: { name: 'late' }, msc4354_sticky: { duration_ms: HOUR_MS } });
    expect(event.unsigned.msc4354_sticky_duration_ttl_ms).to.equal(HOUR_MS);
  });

  describe('and other servers', () => {
    let dora: Person;
    beforeEach(async () => {
      dora = await network.person('dora', 'b.test');
      await dora.join(room, ['a.test']);
      await network.settle();
    });

    it('stick there as well', async () => {
      await dora.view.sync();
      await stick(alice, 'abroad');
      await chatter();
      await network.settle();
      expect(stuckIn(await dora.view.sync())).to.eql(['abroad']);
    });

    it('are sent to servers that join later: each server sends its own', async () => {
      await stick(alice, 'of a', HOUR_MS);
      await stick(dora, 'of b', HOUR_MS);
      await network.settle();
      await chatter();
      await network.settle(); // what is under way must not look as if it took so long
      network.clock.advance(10 * MINUTE_MS);
      const carol = await network.person('carol', 'c.test');
      await carol.join(room, ['a.test']);
      const seen: any[] = [];
      for (let round = 0; round < 50 && seen.length < 2; round++) {
        await network.settle();
        const answer = await carol.view.sync();
        const stuck = answer.rooms?.join?.[room]?.msc4354_sticky?.events ?? [];
        seen.push(...[...timelineOf(answer), ...stuck].filter(({ type }) => type === 'org.example'));
      }
      expect(seen.map(({ content }) => content.name).sort()).to.eql(['of a', 'of b']);
      for (const { unsigned } of seen) {
        expect(unsigned.msc4354_sticky_duration_ttl_ms).to.equal(50 * MINUTE_MS);
      }
    });

    it('are sent to servers that join, even if something older is still being written', async () => {
      const server = network.server('a.test');
      const { committer } = server.running.services.rooms.engine;
      const older = await committer.claim();
      const id = await stick(alice, 'not settled', HOUR_MS);
      const carol = await network.person('carol', 'c.test');
      const joined = carol.join(room, ['a.test']);
      const hasIt = async (): Promise<boolean> => {
        const rows = await server.rows(sql`
          SELECT 1 FROM outbox JOIN events USING (event_nid) WHERE event_id = ${id} AND 'c.test' = ANY(destinations)`);
        return rows.length > 0;
      };
      for (let round = 0; round < 200 && !(await hasIt()); round++) await network.settle();
      const isSent = await hasIt();
      committer.release([older]);
      await joined;
      expect(isSent).to.equal(true);
    });

    it('leave room for the newest events where there are very many of them', async () => {
      for (let i = 0; i < 55; i++) await stick(alice, `${i}`, HOUR_MS);
      await alice.say(room, 'newest');
      const { engine } = network.server('a.test').running.services.rooms;
      const { nid: roomNid, head } = await engine.rooms.joined(room as RoomId);
      const nids = await latestEvents(engine, 'b.test' as ServerName, { roomNid, eventNid: 0 });
      expect(nids).to.have.length.at.most(50);
      expect(nids.at(-1)).to.equal(head.extremities[0]?.nid);
    });

    it('are among what a server is sent that was away for long', async () => {
      const id = await stick(alice, 'of a', HOUR_MS);
      await stick(dora, 'of b', HOUR_MS);
      await network.settle();
      await chatter();
      const { engine } = network.server('a.test').running.services.rooms;
      const { nid: roomNid } = await engine.rooms.joined(room as RoomId);
      const nids = await latestEvents(engine, 'b.test' as ServerName, { roomNid, eventNid: 0 });
      const events = await engine.events.load(nids);
      expect(nids.map((nid) => events.get(nid)?.event.type)).to.eql(['org.example', 'm.room.message']);
      expect(events.get(nids[0]!)?.event.eventId).to.equal(id);
    });

    it('are looked at again when what spoke against them is over', async () => {
      const levels = await alice.stateAt(room, ['m.room.power_levels', '']);
      network.cut('a.test', 'b.test');
      await alice.setState(room, ['m.room.power_levels', ''], { ...levels, events_default: 100 });
      await bob.view.sync();
      await stick(dora, 'unwelcome', HOUR_MS);
      await network.heal('a.test', 'b.test');
      expect(stuckIn(await bob.view.sync())).to.eql([]);
      const sync = bob.view.sync(30_000);
      await alice.setState(room, ['m.room.power_levels', ''], levels);
      await network.settle();
      const answers = [await sync, await bob.view.sync()];
      expect(answers.flatMap(stuckIn)).to.eql(['unwelcome']);
      expect(stuckIn(await bob.view.sync())).to.eql([]);
      await restart('a.test');
      expect(stuckIn(await syncOf(bob, ''))).to.eql(['unwelcome']);
    });
  });
});
