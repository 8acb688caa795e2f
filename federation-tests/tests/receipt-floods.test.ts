import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import { RogueRoom } from '../src/rogue-room.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('receipts of very many threads', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;

  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    alice = await network.person('alice', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  it('that another server makes up are kept in part, the newest ones', async () => {
    const room = await alice.createRoom();
    const { user } = await RogueRoom.join(rogue, network.server('a.test'), room);
    const event = await alice.say(room, 'read this');
    const edu = (n: number, thread?: string) => ({
      edu_type: 'm.receipt',
      content: {
        [room]: { 'm.read': { [user]: { event_ids: [event], data: { ts: n, ...(thread && { thread_id: thread }) } } } },
      },
    });
    const send = (edus: readonly any[]) =>
      rogue.send(network.server('a.test'), 'PUT', `/_matrix/federation/v1/send/r${count++}`, { pdus: [], edus });
    let count = 0;
    await send([edu(1)]);
    for (let n = 0; n < 600; n += 100) {
      await send(Array.from({ length: 100 }, (_, i) => edu(n + i, `$thread${n + i}`)));
    }
    const sync = await (await alice.login()).view.sync();
    const told: any[] = sync.rooms.join[room].ephemeral.events.map(
      ({ content }: any) => content[event]['m.read'][user],
    );
    expect(told.filter(({ thread_id: thread }) => thread === undefined)).to.have.length(1);
    const threads = told.flatMap(({ thread_id: thread }) => thread ?? []);
    expect(threads.length).to.be.within(200, 250);
    expect(threads).to.include('$thread599').and.not.include('$thread0');
    expect(network.server('a.test').errors).to.eql([]);
  });
});
