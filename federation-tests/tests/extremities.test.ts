import { KEPT, MAX_PREV_EVENTS, TOLERATED } from '@holm/homeserver/rooms/extremities/bounds';
import type { Event } from '@holm/homeserver/core/events/event';
import { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { expectHeard, holdUp } from '../src/held-up.ts';
import type { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

const FORKS = 1_000;
const PER_TRANSACTION = 50;

describe('a room that a server forks as often as it can', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test']));
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const headOn = async (server: string, room: string) =>
    (await network.server(server).running.services.rooms.engine.rooms.joined(RoomId.parse(room))).head;
  const endsOn = async (server: string, room: string): Promise<number> =>
    (await headOn(server, room)).extremities.length;

  const enter = async (version: string, levels: object = {}): Promise<RogueRoom> => {
    const users = { '@mallory:rogue.test': 50, ...(version === '12' ? {} : { [alice.userId]: 100 }) };
    const room = await alice.createRoom({
      preset: 'public_chat',
      room_version: version,
      power_level_content_override: { users, ...levels },
    });
    await bob.join(room, ['a.test']);
    const entered = await RogueRoom.join(rogue, network.server('a.test'), room);
    await network.settle();
    return entered;
  };

  /** Events that all follow the same one, of which every third sets state that the others do not know of. */
  const forks = (room: RogueRoom, count: number): Event[] =>
    Array.from({ length: count }, (_, n) =>
      n % 3 === 0
        ? room.event({ type: 'm.room.topic', stateKey: '', content: { topic: `fork ${n}` }, sentAt: 1_600_000_000_000 + n })
        : room.event(),
    ); // prettier-ignore

  const flood = async (room: RogueRoom, server: string, events: readonly Event[]): Promise<number[]> => {
    const ends: number[] = [];
    for (let n = 0; n < events.length; n += PER_TRANSACTION) {
      const pdus = events.slice(n, n + PER_TRANSACTION).map(({ pdu }) => pdu);
      const { status, body } = await rogue.push(network.server(server), pdus);
      expect([status, Object.values(body.pdus as object).filter(({ error }) => error !== undefined)]).to.deep.equal([
        200,
        [],
      ]);
      ends.push(await endsOn(server, room.roomId));
    }
    return ends;
  };

  for (const version of ['6', '10', '12']) {
    it(`keeps few loose ends, and one state, in version ${version}`, async function () {
      this.timeout(120_000);
      const room = await enter(version);
      const events = forks(room, FORKS);
      const started = performance.now();
      // Each of the two sees half of it, so that neither knows what the other has.
      const [onA, onB] = await Promise.all([
        flood(room, 'a.test', events.slice(0, FORKS / 2)),
        flood(room, 'b.test', events.slice(FORKS / 2)),
      ]);
      const perEvent = (performance.now() - started) / FORKS;
      expect(Math.max(...onA, ...onB)).to.be.at.most(MAX_PREV_EVENTS);
      // Generous, because this machine is shared: what must not be is that it grows with every fork.
      expect(perEvent).to.be.lessThan(30);
      await network.settle();
      for (const person of [alice, bob, alice, bob]) {
        await person.say(room.roomId, `still here, ${person.name}`);
        await network.settle();
      }
      expect(await bob.state(room.roomId)).to.deep.equal(await alice.state(room.roomId));
      for (const server of ['a.test', 'b.test']) expect(await endsOn(server, room.roomId)).to.be.lessThan(3);
      for (const person of [alice, bob]) {
        const history = await person.history(room.roomId, 100);
        expect(history.filter(({ type }) => type === 'org.matrix.dummy_event')).to.deep.equal([]);
        expect(textsOf(history).filter((text) => text.startsWith('still here')).length).to.equal(4);
      }
    });
  }

  it('keeps nobody from what is said elsewhere while it is tidied', async () => {
    const [room, elsewhere] = [await enter('11'), await alice.createRoom()];
    await flood(room, 'a.test', forks(room, TOLERATED + 5));
    const { engine, merger } = network.server('a.test').running.services.rooms;
    const held = holdUp(engine.nids, 'whenAtHand');
    const tidied = merger.tidy();
    await held.reached;
    await expectHeard(alice, elsewhere, held.goOn);
    await tidied;
    expect(await endsOn('a.test', room.roomId)).to.equal(1);
  });

  it('is tidied after a while when there are not too many, in the name of whoever may, and nobody sees it', async () => {
    const room = await enter('11', { events: { 'org.matrix.dummy_event': 100 } });
    await alice.view.sync();
    await flood(room, 'a.test', forks(room, TOLERATED + 5));
    expect(await endsOn('a.test', room.roomId)).to.be.greaterThan(TOLERATED);
    await network.server('a.test').running.services.rooms.merger.tidy();
    expect(await endsOn('a.test', room.roomId)).to.equal(1);
    await alice.view.sync();
    const { timeline } = alice.view.joined.get(room.roomId)!;
    expect(timeline.filter(({ type }) => type === 'org.matrix.dummy_event')).to.deep.equal([]);
    expect((await alice.history(room.roomId)).filter(({ type }) => type === 'org.matrix.dummy_event')).to.deep.equal(
      [],
    );
    // What follows it is taken in by the others, who have to ask for it.
    const said = await alice.say(room.roomId, 'tidy');
    await network.settle();
    expect((await bob.event(room.roomId, said)).status).to.equal(200);
    expect(await bob.state(room.roomId)).to.deep.equal(await alice.state(room.roomId));
  });

  it('keeps a bounded number even where nobody here may join them, and the honest ends among them', async function () {
    this.timeout(60_000);
    const room = await enter('11', { events: { 'org.matrix.dummy_event': 101 } });
    network.cut('a.test', 'b.test');
    const honest = await bob.say(room.roomId, 'not forgotten');
    await flood(room, 'a.test', forks(room, 60));
    await network.heal('a.test', 'b.test');
    expect(Math.max(...(await flood(room, 'a.test', forks(room, 200))))).to.be.at.most(KEPT);
    const { extremities } = await headOn('a.test', room.roomId);
    expect(extremities.map(({ eventId }) => eventId as string)).to.include(honest);
    await alice.ask('GET', `${pathOf(room.roomId)}/state`);
  });

  it('is joined by events that no client sees, not even who sent one themselves', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
    for (const person of [alice, bob]) await person.view.sync();
    const dummy = await alice.send(room, 'org.matrix.dummy_event', {});
    await alice.say(room, 'something');
    await network.settle();
    for (const person of [alice, bob]) {
      await person.view.sync();
      const types = person.view.joined.get(room)!.timeline.map(({ type }) => type as string);
      expect(types).to.include('m.room.message').and.not.to.include('org.matrix.dummy_event');
      expect((await person.history(room)).map(({ event_id: id }) => id as string)).not.to.include(dummy);
    }
  });
});
