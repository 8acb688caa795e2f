import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { textsOf, type Person } from '../src/people.ts';

describe('a server that stops and starts again', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  beforeEach(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
  });
  afterEach(() => network[Symbol.asyncDispose]());

  const restart = async (name: string) => {
    await network.stop(name);
    await network.start(name);
  };

  it('remembers its people, their sessions, their rooms and what was said', async () => {
    await alice.say(room, 'before');
    const state = await alice.state(room);
    await restart('a.test');
    expect(await alice.state(room)).to.deep.equal(state);
    expect(textsOf(await alice.history(room))).to.deep.equal(['before']);
    await alice.say(room, 'after');
    await bob.view.untilMessage(room, 'after');
    expect((await alice.login()).userId).to.equal(alice.userId);
  });

  it('leaves nothing behind that would keep its process from ending', async () => {
    await alice.ask('PUT', `/rooms/${room}/typing/${alice.userId}`, { typing: true, timeout: 30_000 });
    await alice.view.sync();
    await Promise.all([network.stop('a.test'), network.stop('b.test')]);
    expect(network.clock.asleep).to.equal(0);
  });

  it('goes on with a sync where it was', async () => {
    await alice.view.sync();
    await restart('a.test');
    await bob.say(room, 'new');
    await network.settle();
    const { rooms } = await alice.view.sync();
    expect(textsOf(rooms.join[room].timeline.events)).to.deep.equal(['new']);
    expect((await alice.view.sync()).rooms ?? {}).to.deep.equal({});
  });

  it('goes on with a sync after things of which nothing is left', async () => {
    const event = await alice.say(room, 'read');
    const bobs = await bob.say(room, 'read, too');
    await network.settle();
    for (const id of [bobs, bobs, event]) await alice.ask('POST', `/rooms/${room}/receipt/m.read/${id}`, {});
    await alice.view.sync();
    await restart('a.test');
    await bob.say(room, 'new');
    await network.settle();
    const { rooms } = await alice.view.sync();
    expect(textsOf(rooms.join[room].timeline.events)).to.deep.equal(['new']);
  });

  it('delivers what it could not deliver before', async () => {
    network.cut('a.test', 'b.test');
    await alice.say(room, 'in a bottle');
    await restart('a.test');
    await network.heal('a.test', 'b.test');
    expect(textsOf(await bob.history(room))).to.deep.equal(['in a bottle']);
  });

  it('gets what was said while it was away', async () => {
    await network.stop('b.test');
    await alice.say(room, 'nobody there');
    await alice.setState(room, ['m.room.topic', ''], { topic: 'silence' });
    await network.start('b.test');
    await network.heal('a.test', 'b.test');
    await bob.view.untilMessage(room, 'nobody there');
    expect(await bob.state(room)).to.deep.equal(await alice.state(room));
  });

  it('does not repeat what a client sent again after the restart', async () => {
    const send = () => alice.ask('PUT', `/rooms/${room}/send/m.room.message/same`, { msgtype: 'm.text', body: 'once' });
    const first = await send();
    await restart('a.test');
    expect(await send()).to.deep.equal(first);
    expect(textsOf(await alice.history(room))).to.deep.equal(['once']);
  });
});
