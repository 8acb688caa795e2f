import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** A join is proposed first and sent afterwards; what happens in between is in nobody's answer. */
describe('what comes between the proposal of a join and the join', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let carol: Person;
  let bob: Person;
  /** What the rogue has been sent: type and sender of each event. */
  let pushed: [string, string][];

  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test']));
    [alice, carol, bob] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('carol', 'a.test'),
      network.person('bob', 'b.test'),
    ]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    pushed = [];
    rogue.answers.set('/_matrix/federation/v1/send/', (_, body: any) => {
      for (const { type, sender } of body.pdus) pushed.push([type, sender]);
      return { status: 200, body: { pdus: {} } };
    });
  });

  const joinMeanwhile = async (room: string, meanwhile: () => Promise<unknown>) => {
    await RogueRoom.join(rogue, network.server('a.test'), room, { meanwhile });
    await network.settle();
  };

  it('is sent to the server that has come', async () => {
    const room = await alice.createRoom();
    await joinMeanwhile(room, () => carol.join(room));
    expect(pushed).to.deep.equal([['m.room.member', carol.userId]]);
  });

  it('is nothing where nothing came', async () => {
    const room = await alice.createRoom();
    await carol.join(room);
    await joinMeanwhile(room, () => Promise.resolve());
    expect(pushed).to.deep.equal([]);
  });

  it('is sent by the server that lets somebody in where it is of others', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
    await joinMeanwhile(room, async () => {
      await bob.say(room, 'now');
      await network.settle();
    });
    // And by whom it is.
    expect(pushed).to.deep.equal([
      ['m.room.message', bob.userId],
      ['m.room.message', bob.userId],
    ]);
  });

  it('is sent where whoever it is of has left with it', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
    await joinMeanwhile(room, async () => {
      await bob.leave(room);
      await network.settle();
    });
    expect(pushed).to.deep.equal([['m.room.member', bob.userId]]);
  });

  it('is not sent to those who may not see it', async () => {
    const content = { history_visibility: 'joined' };
    const initial_state = [{ type: 'm.room.history_visibility', state_key: '', content }];
    const room = await alice.createRoom({ preset: 'public_chat', initial_state });
    await joinMeanwhile(room, () => alice.say(room, 'between us'));
    expect(pushed).to.deep.equal([]);
    await alice.say(room, 'for everybody');
    await network.settle();
    expect(pushed).to.deep.equal([['m.room.message', alice.userId]]);
  });

  it('is not sent again to a server that is there already', async () => {
    const room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await RogueRoom.join(rogue, network.server('a.test'), room);
    await network.settle();
    pushed = [];
    await joinMeanwhile(room, () => carol.join(room));
    expect(pushed).to.deep.equal([['m.room.member', carol.userId]]);
  });
});
