import { setImmediate as turn } from 'node:timers/promises';
import type { Database } from '@holm/homeserver/storage/database';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/** The statements and transactions that a server asks its database for from now on. */
const watch = (network: TestNetwork, name: string): readonly string[] => {
  const { database } = network.server(name).running.services.rooms;
  const asked: string[] = [];
  for (const way of ['rows', 'run', 'read', 'transact'] as const) {
    Object.defineProperty(database, way, {
      configurable: true,
      value(this: Database, ...given: [never]) {
        asked.push(way === 'rows' || way === 'run' ? (given[0] as { text: string }).text : way);
        return (Object.getPrototypeOf(this) as Database)[way].apply(this, given);
      },
    });
  }
  return asked;
};

/** More than anything takes that has nothing to wait for. */
const TURNS = 500;

describe('clients that wait', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    await alice.createRoom();
    await bob.createRoom();
  });

  /** Waits until the server has as many polls as that, and then for what they do. */
  const waiting = async (polls: number): Promise<void> => {
    const { sync } = network.server('a.test').running.services.syncing;
    while (sync.polls.size < polls) await turn();
    for (let i = 0; i < TURNS; i++) await turn();
  };

  it('ask the database nothing by a long poll, neither when it begins, nor while others talk, nor at its end', async () => {
    await alice.view.sync();
    await alice.view.sync();
    await network.settle();
    const asked = watch(network, 'a.test');
    const answer = alice.view.sync(20_000);
    await waiting(1);
    network.server('a.test').running.services.notifier.wake([alice.userId as never]);
    for (let i = 0; i < TURNS; i++) await turn();
    network.clock.advance(20_000);
    expect(Object.keys(await answer)).to.not.include('rooms');
    expect(asked).to.eql([]);
  });

  it('ask the database nothing by sliding sync', async () => {
    const slider = new Slider(alice);
    const enabled = { enabled: true };
    const extensions = { e2ee: enabled, account_data: enabled, receipts: enabled, typing: enabled };
    const first = await slider.sync({ ...allRooms(), extensions: { ...extensions, to_device: enabled } });
    // Clients say how far they have got with messages to their device.
    const since = first.extensions.to_device.next_batch;
    const body = { ...allRooms(), extensions: { ...extensions, to_device: { enabled: true, since } } };
    await slider.sync(body);
    await network.settle();
    await network.server('a.test').running.services.syncing.connections.write();
    const asked = watch(network, 'a.test');
    const answer = slider.sync(body, 20_000);
    await waiting(1);
    network.clock.advance(20_000);
    expect((await answer).rooms).to.eql({});
    expect(asked).to.eql([]);
  });

  it('hear of what there is in the end', async () => {
    const room = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(room);
    await bob.view.sync();
    const answer = bob.view.sync(20_000);
    await waiting(1);
    await alice.say(room, 'hello');
    expect(Object.keys((await answer).rooms.join)).to.eql([room]);
  });
});
