import type { EventId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

const federation = '/_matrix/federation/v1';
const MANY = 30;

describe('a gap in a room that is known in part', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let others: Person[];
  let room: string;
  let release: () => void = () => undefined;

  beforeEach(async () => {
    rogue = await Rogue.start('rogue.test', new ManualClock());
    network = await TestNetwork.with({
      names: ['a.test', 'b.test'],
      config: { rooms: { omit_members_from: 1 } },
      strangers: { 'rogue.test': rogue.url },
    });
    rogue.answers.set(`${federation}/send/`, () => ({ status: 200, body: { pdus: {} } }));
    rogue.answers.set(`${federation}/get_missing_events`, () => ({ status: 200, body: { events: [] } }));
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'b.test')]);
    others = await Promise.all(Array.from({ length: MANY }, (_, n) => network.person(`member${n}`, 'a.test')));
    room = await alice.createRoom({ preset: 'public_chat', name: 'Large', room_version: '10' });
    for (const other of others) await other.join(room);
  });
  afterEach(async () => {
    release();
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });
  const rooms = () => network.server('b.test').running.services.rooms;

  /** The rogue states of everything that it says that the state before it is the one after its join. */
  const stateAsOf = async ({ last }: RogueRoom): Promise<void> => {
    const get = async (what: string): Promise<JsonObject> => {
      const uri = `${federation}/${what}/${encodeURIComponent(room)}?event_id=${encodeURIComponent(last.eventId)}`;
      const { status, body } = await rogue.send(network.server('a.test'), 'GET', uri);
      expect([what, status]).to.eql([what, 200]);
      return body as JsonObject;
    };
    const [ids, whole] = [await get('state_ids'), await get('state')];
    const withJoin = { ...ids, pdu_ids: [...(ids['pdu_ids'] as string[]), last.eventId] };
    rogue.answers.set(`${federation}/state_ids`, () => ({ status: 200, body: withJoin }));
    const body = { ...whole, pdus: [...(whole['pdus'] as JsonObject[]), last.pdu] };
    rogue.answers.set(`${federation}/state/`, () => ({ status: 200, body }));
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    release = resolve;
    const { remote } = rooms();
    const state = remote.state.bind(remote);
    remote.state = async (server, ...args) => {
      if (server !== 'rogue.test') await promise;
      return state(server, ...args);
    };
  };
  const missing = `$${'x'.repeat(43)}` as EventId;

  it('does not make every member a conflict', async () => {
    const mole = await RogueRoom.join(rogue, network.server('a.test'), room);
    await stateAsOf(mole);
    await network.settle();
    hold();
    await bob.join(room, ['a.test']);
    const event = mole.event({ prevEvents: [missing], depth: mole.last.depth + 2 });
    await rogue.push(network.server('b.test'), [event.pdu]);
    const [stored] = (await rooms().engine.events.byIds([event.eventId])).values();
    expect(stored?.status).to.equal('accepted');
    expect(rooms().engine.partial.all().length).to.equal(1);
    const { events } = rooms().engine;
    const byIds = events.byIds.bind(events);
    let asked = 0;
    events.byIds = (ids) => {
      asked += ids.length;
      return byIds(ids);
    };
    await alice.setState(room, ['m.room.topic', ''], { topic: 'on the other side' });
    await bob.view.until('the topic', ({ joined }) => joined.get(room)?.state.get('m.room.topic ')?.topic);
    expect(asked).to.be.greaterThan(0).and.lessThan(MANY);
    release();
    await network.settle();
    expect(rooms().engine.partial.all()).to.eql([]);
    expect(await bob.members(room)).to.eql(await alice.members(room));
  });

  it('does not let whoever is asked for the state there undo what is known', async () => {
    const mole = await RogueRoom.join(rogue, network.server('a.test'), room);
    await network.settle();
    await alice.setState(room, ['m.room.topic', ''], { topic: 'new' });
    await alice.ban(room, others[0]!);
    await network.settle();
    hold();
    await bob.join(room, ['a.test']);
    await stateAsOf(mole);
    await alice.ban(room, others[1]!);
    await alice.say(room, 'and on');
    await bob.view.untilMessage(room, 'and on');
    const event = mole.event({ prevEvents: [missing], depth: mole.last.depth + 10 });
    await rogue.push(network.server('b.test'), [event.pdu]);
    const [stored] = (await rooms().engine.events.byIds([event.eventId])).values();
    expect(stored?.status).to.equal('accepted');
    expect((await bob.stateAt(room, ['m.room.topic', ''])).topic).to.equal('new');
    const { engine } = rooms();
    const nid = await engine.rooms.byId(room as never);
    const view = await engine.states.get(nid!, nid!.head!.snapshot, ['m.room.member', others[1]!.userId]);
    expect(view?.event.content['membership']).to.equal('ban');
    release();
    await network.settle();
    expect(rooms().engine.partial.all()).to.eql([]);
    const members = await bob.members(room);
    expect([members[others[0]!.userId], members[others[1]!.userId]]).to.eql(['ban', 'ban']);
    expect((await bob.stateAt(room, ['m.room.topic', ''])).topic).to.equal('new');
  });
});
