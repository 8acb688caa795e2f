import { MatrixError } from '@holm/spec/errors';
import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { HungUpError } from '../../http/body.ts';
import { GONE, SyncFixture, type SyncResponse, userOf } from '../../testing/sync.ts';

const alice = userOf('alice');
const bob = userOf('bob');

describe('a long poll', () => {
  let fixture: SyncFixture;
  let room: RoomId;
  let since: string;
  beforeEach(async () => {
    fixture = await SyncFixture.create();
    room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    since = (await fixture.ask(bob)).next_batch;
  });
  afterEach(async () => {
    const left = [fixture.sync.polls.size, fixture.test.notifier.size];
    await fixture[Symbol.asyncDispose]();
    expect(left).to.eql([0, 0]);
  });

  /** Lets everything run that has nothing to wait for. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  const poll = (signal = new AbortController().signal) => {
    let answer: SyncResponse | undefined;
    const done = fixture.ask(bob, { since, timeoutMs: 30_000, signal }).then((response) => (answer = response));
    return { done, answered: () => answer !== undefined };
  };

  it('is answered by the next message', async () => {
    const { done, answered } = poll();
    await settle();
    expect(answered()).to.equal(false);
    await fixture.say(room, alice, 'wake up');
    expect((await done).rooms?.join?.[room]?.timeline.events[0]?.content['body']).to.equal('wake up');
  });

  it('ends empty when its time is up, and not before', async () => {
    const { done, answered } = poll();
    await settle();
    fixture.test.clock.advance(29_999);
    await settle();
    expect(answered()).to.equal(false);
    fixture.test.clock.advance(1);
    expect(Object.keys(await done)).to.eql(['next_batch']);
  });

  it('goes on waiting after news that its filter leaves out', async () => {
    const filter = { room: { timeline: { types: ['m.room.name'] } } };
    let answered = false;
    const done = fixture.ask(bob, { since, timeoutMs: 30_000, filter }).finally(() => (answered = true));
    // It notifies nobody, so that no count changes either.
    const content = { msgtype: 'm.notice', body: 'not for bob' };
    await fixture.engine.sender.send(room, { sender: alice, type: 'm.room.message', content });
    await settle();
    expect(answered).to.equal(false);
    await fixture.set(room, alice, 'm.room.name', { name: 'for bob' });
    expect((await done).rooms?.join?.[room]?.timeline.events).to.have.length(1);
  });

  it('is answered by an invite to a room that its user is not in', async () => {
    const other = await fixture.room(alice);
    const { done } = poll();
    await settle();
    await fixture.member(other, bob, 'invite', alice);
    expect((await done).rooms?.invite).to.have.property(other);
  });

  it('ends empty when the server stops', async () => {
    const stop = new AbortController();
    const { done } = poll(stop.signal);
    await settle();
    stop.abort();
    expect(Object.keys(await done)).to.eql(['next_batch']);
  });

  it('ends without an answer when the client goes', async () => {
    const client = new AbortController();
    const { done } = poll(client.signal);
    await settle();
    client.abort(GONE);
    expect(await done.catch((reason: unknown) => reason)).to.be.instanceOf(HungUpError);
  });

  it('ends with its session', async () => {
    const { done } = poll();
    await settle();
    fixture.sync.polls.end({ tokenIds: [1] });
    const error: unknown = await done.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(MatrixError).with.property('errcode', 'M_UNKNOWN_TOKEN');
  });

  it('does not see what is written behind something that is still on its way', async () => {
    const held = await fixture.engine.committer.claim();
    const { done, answered } = poll();
    await fixture.say(room, alice, 'later');
    await settle();
    expect(answered()).to.equal(false);
    expect((await fixture.ask(bob, { since })).rooms).to.equal(undefined);
    fixture.engine.committer.release([held]);
    expect((await done).rooms?.join).to.have.property(room);
  });

  it('is answered with all that was said while the bell of a room with many readers rested', async () => {
    const readers = Array.from({ length: 20 }, (_, i) => userOf(`reader${i}`));
    for (const reader of readers) await fixture.member(room, reader, 'join');
    const places = new Map(readers.map((reader) => [reader, '']));
    for (const reader of readers) places.set(reader, (await fixture.ask(reader)).next_batch);
    const bodies: (readonly unknown[])[] = [];
    const hear = () =>
      readers.map(async (reader) => {
        const answer = await fixture.ask(reader, { since: places.get(reader) ?? '', timeoutMs: 30_000 });
        places.set(reader, answer.next_batch);
        bodies.push(answer.rooms?.join?.[room]?.timeline.events.map(({ content }) => content['body']) ?? []);
      });
    const first = hear();
    await settle();
    await fixture.say(room, alice, 'one');
    await Promise.all(first);
    const second = hear();
    await settle();
    await fixture.say(room, alice, 'two');
    await fixture.say(room, alice, 'three');
    await settle();
    expect(bodies).to.eql(readers.map(() => ['one']));
    fixture.test.clock.advance(26);
    await Promise.all(second);
    expect(bodies.slice(readers.length)).to.eql(readers.map(() => ['two', 'three']));
  });
});
