import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { textsOf, type Person } from '../src/people.ts';

const VERSIONS = Array.from({ length: 12 }, (_, index) => String(index + 1));

describe('rooms on one server', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  before(async () => {
    network = await TestNetwork.start('a.test');
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const presets = [
    { preset: 'private_chat', joinRule: 'invite', guests: 'can_join' },
    { preset: 'trusted_private_chat', joinRule: 'invite', guests: 'can_join' },
    { preset: 'public_chat', joinRule: 'public', guests: 'forbidden' },
  ];
  for (const { preset, joinRule, guests } of presets) {
    it(`are created as ${preset}`, async () => {
      const room = await alice.createRoom({ preset, name: 'Den', topic: 'burrows', invite: [bob.userId] });
      expect(await alice.stateAt(room, ['m.room.join_rules', ''])).to.include({ join_rule: joinRule });
      expect(await alice.stateAt(room, ['m.room.guest_access', ''])).to.deep.equal({ guest_access: guests });
      expect(await alice.stateAt(room, ['m.room.history_visibility', ''])).to.deep.equal({
        history_visibility: 'shared',
      });
      expect(await alice.stateAt(room, ['m.room.name', ''])).to.deep.equal({ name: 'Den' });
      expect((await alice.stateAt(room, ['m.room.topic', ''])).topic).to.equal('burrows');
      await bob.join(room);
      expect(await bob.members(room)).to.deep.equal({ [alice.userId]: 'join', [bob.userId]: 'join' });
    });
  }

  for (const version of VERSIONS) {
    it(`carry a conversation in room version ${version}`, async () => {
      const room = await alice.createRoom({ preset: 'public_chat', room_version: version });
      expect(await alice.stateAt(room, ['m.room.create', ''])).to.include({ room_version: version });
      await bob.join(room);
      await alice.say(room, 'hello');
      await bob.view.untilMessage(room, 'hello');
      await bob.say(room, 'hi');
      await alice.view.untilMessage(room, 'hi');
      expect(textsOf(await bob.history(room, 3)).reverse()).to.deep.equal(['hello', 'hi']);
    });
  }

  it('wake those who wait for something to happen', async () => {
    const room = await alice.createRoom();
    await bob.join(room);
    await bob.view.sync();
    const waiting = bob.view.sync(30_000);
    await alice.say(room, 'wake up');
    const { rooms } = await waiting;
    expect(textsOf(rooms.join[room].timeline.events)).to.deep.equal(['wake up']);
  });

  it('let a long poll end when its time has come', async () => {
    await bob.view.sync();
    const { since } = bob.view;
    const waiting = bob.view.sync(30_000);
    // The clock moves once the request is waiting, which nobody outside can see.
    const over = new AbortController();
    void waiting.finally(() => over.abort());
    while (!over.signal.aborted) {
      network.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answer = await waiting;
    expect(answer.rooms ?? {}).to.deep.equal({});
    expect(answer.next_batch).to.equal(since);
  });

  it('send a message once, however often the client asks for it', async () => {
    const room = await alice.createRoom();
    const put = () => alice.ask('PUT', `/rooms/${room}/send/m.room.message/once`, { msgtype: 'm.text', body: 'once' });
    const [first, second] = await Promise.all([put(), put()]);
    expect(second).to.deep.equal(first);
    expect(await put()).to.deep.equal(first);
    expect(textsOf(await alice.history(room))).to.deep.equal(['once']);
  });

  it('are for their members only', async () => {
    const room = await alice.createRoom({ preset: 'private_chat' });
    const eventId = await alice.say(room, 'secret');
    for (const path of ['/state', '/messages?dir=b', '/members', `/event/${eventId}`]) {
      const answer = await bob.request('GET', `/rooms/${room}${path}`);
      expect([path, answer.body.errcode]).to.deep.equal([
        path,
        path.startsWith('/event') ? 'M_NOT_FOUND' : 'M_FORBIDDEN',
      ]);
    }
    const join = await bob.request('POST', `/join/${room}`, {});
    expect([join.status, join.body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
  });

  it('hide what has been redacted', async () => {
    const room = await alice.createRoom();
    await bob.join(room);
    const eventId = await alice.say(room, 'oops');
    await alice.ask('PUT', `/rooms/${room}/redact/${eventId}/1`, { reason: 'typo' });
    const { body } = await bob.event(room, eventId);
    expect(body.content).to.deep.equal({});
    expect(body.unsigned.redacted_because.content.reason).to.equal('typo');
  });
});
