import { expect } from 'chai';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';
import { RogueRoom } from '../src/rogue-room.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('the answer to a join that asks for no members', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let others: Person[];
  before(async () => {
    rogue = await Rogue.start('evil.test', new ManualClock());
    network = await TestNetwork.with({
      names: ['a.test'],
      config: { rooms: { omit_members_from: 4 } },
      strangers: { 'evil.test': rogue.url },
    });
    alice = await network.person('alice', 'a.test');
    others = [];
    for (const name of ['bea', 'cleo', 'dora']) others.push(await network.person(name, 'a.test'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const roomOf = async (people: readonly Person[], wish: object = {}): Promise<string> => {
    const room = await alice.createRoom({ preset: 'public_chat', ...wish });
    for (const person of people) await person.join(room);
    return room;
  };
  const answerFor = async (room: string, query: string): Promise<any> =>
    (await RogueRoom.join(rogue, network.server('a.test'), room, { query })).answer;
  const membersIn = (events: readonly any[]): string[] =>
    events.filter(({ type }) => type === 'm.room.member').map(({ state_key: user }) => user as string);
  const typesIn = (events: readonly any[]): string[] => events.map(({ type }) => type as string);

  it('has none where the room has a name, and nothing twice', async () => {
    const room = await roomOf(others, { name: 'Hall' });
    const answer = await answerFor(room, '?omit_members=true');
    expect(answer.members_omitted).to.equal(true);
    expect(answer.servers_in_room).to.deep.equal(['a.test']);
    expect(membersIn(answer.state)).to.deep.equal([]);
    expect(typesIn(answer.state)).to.include.members(['m.room.create', 'm.room.name', 'm.room.power_levels']);
    // What the state and the join rest on is in one list or the other, once. Alice's join is what the rest stands on.
    expect(membersIn(answer.auth_chain)).to.deep.equal([alice.userId]);
    expect(typesIn(answer.auth_chain)).not.to.include.members(['m.room.create']);
  });

  it('has those whom the room is named by', async () => {
    const room = await roomOf(others);
    const answer = await answerFor(room, '?omit_members=true');
    const people = [alice, ...others].map(({ userId }) => userId);
    expect(membersIn(answer.state)).to.have.members(people);
    expect(answer.members_omitted).to.equal(true);
  });

  it('has all of them where they are few, or where nobody asked', async () => {
    const small = await roomOf(others.slice(0, 1), { name: 'Den' });
    const few = await answerFor(small, '?omit_members=true');
    expect([few.members_omitted, membersIn(few.state)]).to.deep.equal([false, [alice.userId, others[0]!.userId]]);
    const large = await roomOf(others, { name: 'Hall' });
    const all = await answerFor(large, '');
    expect([all.members_omitted, membersIn(all.state).length]).to.deep.equal([false, 4]);
    expect(typesIn(all.auth_chain)).to.include('m.room.create');
  });

  it('is followed by the whole state, for who asks for it', async () => {
    const room = await roomOf(others, { name: 'Hall' });
    const joined = await RogueRoom.join(rogue, network.server('a.test'), room, { query: '?omit_members=true' });
    const at = `${encodeURIComponent(room)}?event_id=${encodeURIComponent(joined.last.eventId)}`;
    const state = await rogue.send(network.server('a.test'), 'GET', `/_matrix/federation/v1/state/${at}`);
    expect(membersIn(state.body.pdus)).to.have.members([alice, ...others].map(({ userId }) => userId));
    const ids = await rogue.send(network.server('a.test'), 'GET', `/_matrix/federation/v1/state_ids/${at}`);
    expect(ids.body.pdu_ids).to.have.length(state.body.pdus.length);
    expect(ids.body.auth_chain_ids).to.have.length(state.body.auth_chain.length);
  });
});
