import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { textsOf, type Person } from '../src/people.ts';

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `message ${from + index}`);

describe('a conversation between servers', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test', 'c.test');
  });
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    room = await alice.createRoom();
    await bob.join(room, ['a.test']);
  });
  after(() => network[Symbol.asyncDispose]());

  it('goes both ways, and keeps its order', async () => {
    for (const [person, text] of [
      [alice, 'one'],
      [bob, 'two'],
      [alice, 'three'],
      [bob, 'four'],
    ] as const) {
      await person.say(room, text);
      await network.settle();
    }
    expect(textsOf(await alice.history(room)).reverse()).to.deep.equal(['one', 'two', 'three', 'four']);
    expect(textsOf(await bob.history(room)).reverse()).to.deep.equal(['one', 'two', 'three', 'four']);
  });

  it('wakes whoever waits on the other server', async () => {
    await network.settle();
    await bob.view.sync();
    const waiting = bob.view.sync(30_000);
    await alice.say(room, 'wake up');
    const { rooms } = await waiting;
    expect(textsOf(rooms.join[room].timeline.events)).to.deep.equal(['wake up']);
  });

  it('arrives as it was sent: the same event under the same id', async () => {
    const eventId = await alice.send(room, 'm.room.message', { msgtype: 'm.text', body: 'ünïcode \u{1f98a}', n: -5 });
    await network.settle();
    const [here, there] = await Promise.all([alice.event(room, eventId), bob.event(room, eventId)]);
    const { unsigned: _, ...sent } = here.body;
    const { unsigned: __, ...received } = there.body;
    expect(received).to.deep.equal(sent);
    expect(received.content).to.deep.equal({ msgtype: 'm.text', body: 'ünïcode \u{1f98a}', n: -5 });
  });

  it('includes changes of the state', async () => {
    await alice.setState(room, ['m.room.topic', ''], { topic: 'burrows' });
    await alice.setState(room, ['m.room.power_levels', ''], {
      ...(await alice.stateAt(room, ['m.room.power_levels', ''])),
      users_default: 50,
    });
    await network.settle();
    expect(await bob.stateAt(room, ['m.room.topic', ''])).to.deep.equal({ topic: 'burrows' });
    await bob.setState(room, ['org.example.thing', 'key'], { by: 'bob' });
    await network.settle();
    expect(await alice.stateAt(room, ['org.example.thing', 'key'])).to.deep.equal({ by: 'bob' });
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
  });

  it('carries redactions', async () => {
    const eventId = await alice.say(room, 'oops');
    await network.settle();
    await alice.ask('PUT', `/rooms/${room}/redact/${eventId}/r`, {});
    await network.settle();
    expect((await bob.event(room, eventId)).body.content).to.deep.equal({});
  });

  it('shows a newcomer what was said before they came', async () => {
    for (const text of range(1, 25)) await alice.say(room, text);
    const carol = await network.person('carol', 'c.test');
    await carol.join(room, ['a.test']);
    expect(textsOf(await carol.history(room, 10)).reverse()).to.deep.equal(range(1, 25));
    const types = (await carol.history(room)).map(({ type }) => type);
    expect(types.at(-1)).to.equal('m.room.create');
  });

  it('hides from a newcomer what was said before they came, where the room says so', async () => {
    const closed = await alice.createRoom({
      preset: 'public_chat',
      initial_state: [{ type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } }],
    });
    const eventId = await alice.say(closed, 'secret');
    await bob.join(closed, ['a.test']);
    await alice.say(closed, 'open');
    await network.settle();
    expect(textsOf(await bob.history(closed))).to.deep.equal(['open']);
    expect((await bob.event(closed, eventId)).status).to.equal(404);
  });

  it('reaches all servers, whoever speaks', async () => {
    const carol = await network.person('carol', 'c.test');
    await carol.join(room, ['b.test']);
    await network.settle();
    await bob.say(room, 'from b');
    await carol.say(room, 'from c');
    await network.settle();
    for (const person of [alice, bob, carol]) {
      expect(textsOf(await person.history(room))).to.have.members(['from b', 'from c']);
    }
    expect(await carol.state(room)).to.deep.equal(await alice.state(room));
  });

  it('tells others when somebody changes their name', async () => {
    await alice.ask('PUT', `/profile/${alice.userId}/displayname`, { displayname: 'Alice the Fox' });
    await network.settle();
    const member = await bob.stateAt(room, ['m.room.member', alice.userId]);
    expect(member).to.include({ membership: 'join', displayname: 'Alice the Fox' });
    expect(await bob.ask('GET', `/profile/${alice.userId}`)).to.include({ displayname: 'Alice the Fox' });
  });

  it('goes on after more was missed than a transaction holds', async () => {
    await network.settle();
    network.cut('a.test', 'b.test');
    const missed = range(1, 60);
    for (const text of missed) await alice.say(room, text);
    await network.heal('a.test', 'b.test');
    await alice.say(room, 'still there?');
    await network.settle();
    expect(textsOf(await bob.history(room)).reverse()).to.deep.equal([...missed, 'still there?']);
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
  });

  it('fills a gap by asking for what is missing', async () => {
    const carol = await network.person('carol', 'c.test');
    await carol.join(room, ['a.test']);
    await network.settle();
    // Carol's server gets nothing of what Alice says, but hears of it from Bob, whose message follows it.
    network.link('a.test', 'c.test').cut();
    const missed = range(1, 8);
    for (const text of missed) await alice.say(room, text);
    await network.settle();
    await bob.say(room, 'after the gap');
    await network.settle();
    expect(textsOf(await carol.history(room)).reverse()).to.deep.equal([...missed, 'after the gap']);
    await network.heal('a.test', 'c.test');
  });

  it('does not take for new what was there before a newcomer', async () => {
    const carol = await network.person('carol', 'c.test');
    await network.settle();
    network.cut('a.test', 'b.test');
    await bob.say(room, 'meanwhile'); // follows what Carol's server will know only as history
    await carol.join(room, ['a.test']);
    await alice.setState(room, ['m.room.topic', ''], { topic: 'newcomers' });
    await network.heal('a.test', 'b.test');
    await bob.say(room, 'here again');
    await network.settle();
    await carol.view.sync();
    expect(carol.view.joined.get(room)!.timeline.map(({ type }) => type)).not.to.include('m.room.create');
    expect(await carol.state(room)).to.deep.equal(await alice.state(room));
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
    const history = await carol.history(room);
    expect(textsOf(history)).to.have.members(['meanwhile', 'here again']);
    expect(history.at(-1).type).to.equal('m.room.create');
  });
});
