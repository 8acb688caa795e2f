import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import type { EventId, ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

const federation = '/_matrix/federation/v1';
const MINUTE_MS = 60_000;

describe('a room that is joined before all of it is known, where others lie or are gone', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  beforeEach(async () => {
    rogue = await Rogue.start('rogue.test', new ManualClock());
    network = await TestNetwork.with({
      names: ['a.test', 'b.test'],
      config: { rooms: { omit_members_from: 1 } },
      strangers: { 'rogue.test': rogue.url },
    });
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'b.test')]);
    rogue.answers.set(`${federation}/send/`, () => ({ status: 200, body: { pdus: {} } }));
  });
  afterEach(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });
  const rooms = () => network.server('b.test').running.services.rooms;
  const partial = () => rooms().engine.partial.all();
  /** Those who are asked for the full state, while whoever let us in does not answer. */
  const withoutResident = (): ServerName[] => {
    const asked: ServerName[] = [];
    const { remote } = rooms();
    const state = remote.state.bind(remote);
    remote.state = (server, ...args) => {
      asked.push(server);
      return server === 'a.test' ? Promise.reject(new Error('expected: it is gone')) : state(server, ...args);
    };
    return asked;
  };

  it('is not what a server makes it that has only been asked for its members', async () => {
    const room = await alice.createRoom({ preset: 'public_chat', name: 'Before' });
    const mole = await RogueRoom.join(rogue, network.server('a.test'), room);
    await alice.setState(room, ['m.room.name', ''], { name: 'After' });
    await alice.setState(room, ['m.room.topic', ''], { topic: 'new' });
    const old = [...(mole.answer.state as JsonObject[]), mole.last.pdu];
    rogue.answers.set(`${federation}/state/`, () => ({
      status: 200,
      body: { pdus: old, auth_chain: mole.answer.auth_chain as JsonObject[] },
    }));
    const asked = withoutResident();
    await bob.join(room, ['a.test']);
    await network.settle();
    expect(asked).to.include('rogue.test');
    expect(partial()).to.eql([]);
    expect((await bob.stateAt(room, ['m.room.name', ''])).name).to.equal('After');
    expect((await bob.stateAt(room, ['m.room.topic', ''])).topic).to.equal('new');
    expect(await bob.members(room)).to.eql(await alice.members(room));
  });

  it('is asked for from more servers, one after the other, until somebody knows it', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    const asked = withoutResident();
    const { engine, resync } = rooms();
    await bob.join(room, ['a.test']);
    await network.settle();
    const [known] = partial();
    const many = Array.from({ length: 25 }, (_, n) => `nobody${n}.test` as ServerName);
    await engine.partial.remove(known!);
    const more = { ...known!, servers: ['a.test' as ServerName, ...many] };
    await engine.partial.add(more);
    asked.length = 0;
    resync.start(more);
    await network.settle();
    for (let minute = 0; minute < 3; minute++) {
      network.clock.advance(MINUTE_MS);
      await network.settle();
    }
    expect([...new Set(asked)].sort()).to.eql(['a.test', ...many].sort());
  });

  it('leaves nothing behind that was never entered', async () => {
    // The process ended between this and the join.
    await rooms().engine.partial.add({
      roomNid: 1_000_000,
      joinId: '$never' as EventId,
      servers: ['a.test' as ServerName],
    });
    await network.stop('b.test');
    await network.start('b.test');
    await network.settle();
    expect(partial()).to.eql([]);
  });
});
