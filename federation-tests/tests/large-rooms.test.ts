import type { Event } from '@holm/homeserver/core/events/event';
import { UserId } from '@holm/spec/ids';
import { MAX_PDUS_PER_TRANSACTION } from '@holm/spec/server-server/transactions';
import { expect } from 'chai';
import { inOneGo } from '../src/loop-watch.ts';
import type { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';

/** More than anything should look at in one go. */
const MEMBERS = 1_050;
const FEW = 60;
/** As many as a sync shows of the timeline, more or less. */
const IN_TIMELINE = 20;
/** The most that is written or read at once. */
const ROWS_AT_ONCE = 500;
/** Longer than that, room work never holds the event loop; compiling and collecting garbage has part in it. */
const MOST_HELD_MS = 20;

describe('a room of many members', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let small: string;
  let large: string;
  /** The rogue in each room. */
  const inside = new Map<string, RogueRoom>();

  const roomOf = async (members: number): Promise<string> => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    const mole = await RogueRoom.join(rogue, network.server('a.test'), room);
    inside.set(room, mole);
    const authEvents = mole.authEvents.filter(({ type }) => type !== 'm.room.member' && type !== 'm.room.create');
    const joinOf = (n: number): Event => {
      const user = UserId.parse(`@member${n}:${rogue.name}`);
      const wish = { type: 'm.room.member', sender: user, stateKey: user, content: { membership: 'join' } };
      mole.last = mole.event({ ...wish, authEvents: authEvents.map(({ eventId }) => eventId) });
      return mole.last;
    };
    for (let n = 0; n < members; n += MAX_PDUS_PER_TRANSACTION) {
      const count = Math.min(MAX_PDUS_PER_TRANSACTION, members - n);
      await mole.push(...Array.from({ length: count }, (_, i) => joinOf(n + i)));
    }
    await network.settle();
    return room;
  };

  /** What is done about the small room says what code takes that runs for the first time. */
  const compare = async (work: (room: string) => Promise<unknown>) => {
    const few = await inOneGo(() => work(small));
    const many = await inOneGo(() => work(large));
    expect(many.rows, many.statement).to.be.at.most(ROWS_AT_ONCE);
    expect(many.workedMs).to.be.at.most(few.workedMs + MOST_HELD_MS);
  };

  before(async function () {
    this.timeout(120_000);
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test', 'c.test'], { rooms: { omit_members_from: 1 } }));
    rogue.answers.set('/_matrix/federation/v1/send/', () => ({ status: 200, body: { pdus: {} } }));
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'b.test')]);
    small = await roomOf(FEW);
    large = await roomOf(MEMBERS);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  it('is joined bit by bit, and told bit by bit to who joins', async function () {
    this.timeout(60_000);
    await compare(async (room) => {
      await bob.join(room, ['a.test']);
      await network.settle();
    });
    expect(network.server('b.test').running.services.rooms.engine.partial.all()).to.eql([]);
  });

  it('is told bit by bit to a server that asks for all of it', async () => {
    await compare(async (room) => {
      const { eventId } = inside.get(room)!.last;
      const uri = `/_matrix/federation/v1/state/${encodeURIComponent(room)}?event_id=${encodeURIComponent(eventId)}`;
      const { body } = await rogue.send(network.server('a.test'), 'GET', uri);
      expect((body.pdus as unknown[]).length).to.be.greaterThan(room === large ? MEMBERS : FEW);
    });
  });

  for (const what of ['members', 'joined_members', 'state']) {
    it(`is shown bit by bit to a client that asks for its ${what}`, () =>
      compare((room) => bob.ask('GET', `${pathOf(room)}/${what}`)));
  }

  it('is shown bit by bit to clients that want to know everybody', async () => {
    const only = (room: string) => encodeURIComponent(JSON.stringify({ room: { rooms: [room] } }));
    await compare(async (room) => {
      const answer = await bob.ask('GET', `/sync?filter=${only(room)}`);
      const { state } = answer.rooms.join[room] as { state: { events: unknown[] } };
      expect(state.events.length).to.be.at.least((room === large ? MEMBERS : FEW) - IN_TIMELINE);
    });
  });

  it('is the same to everybody in the end', async () => {
    expect(Object.keys(await bob.members(large))).to.have.length(MEMBERS + 3);
    expect(await bob.members(large)).to.eql(await alice.members(large));
  });

  it('is known in full without asking again where who lets in leaves nobody out', async function () {
    this.timeout(60_000);
    await network.stop('a.test');
    await network.start('a.test', { rooms: { omit_members_from: 1_000_000 } });
    const carol = await network.person('carol', 'c.test');
    const { engine, remote } = network.server('c.test').running.services.rooms;
    remote.state = () => Promise.reject(new Error('nobody need ask'));
    await compare(async (room) => {
      await carol.join(room, ['a.test']);
      await network.settle();
    });
    expect(engine.partial.all()).to.eql([]);
    expect(await carol.members(large)).to.eql(await bob.members(large));
    expect(network.server('c.test').errors).to.eql([]);
  });
});
