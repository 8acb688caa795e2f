import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const PER_THREAD = encodeURIComponent(JSON.stringify({ room: { timeline: { unread_thread_notifications: true } } }));

/** What is unread, as `notifications/highlights`. */
const short = (counts: any): string => `${counts?.notification_count}/${counts?.highlight_count}`;

/** As a client reads it that comes for the first time. */
const unread = async (person: Person, room: string): Promise<string> => {
  const { rooms } = await person.ask('GET', '/sync');
  return short(rooms?.join?.[room]?.unread_notifications);
};

/** The same by thread, the main timeline first. */
const byThread = async (person: Person, room: string): Promise<Record<string, string>> => {
  const { rooms } = await person.ask('GET', `/sync?filter=${PER_THREAD}`);
  const { unread_notifications: main, unread_thread_notifications: threads = {} } = rooms.join[room];
  return { main: short(main), ...Object.fromEntries(Object.entries(threads).map(([id, one]) => [id, short(one)])) };
};

const read = (
  person: Person,
  room: string,
  event: string,
  { type = 'm.read', thread }: { type?: string; thread?: string } = {},
) => person.ask('POST', `${pathOf(room)}/receipt/${type}/${encodeURIComponent(event)}`, { thread_id: thread });

const reply = (person: Person, room: string, root: string, more: object = {}) =>
  person.send(room, 'm.room.message', {
    msgtype: 'm.text',
    body: 'in the thread',
    'm.relates_to': { rel_type: 'm.thread', event_id: root },
    ...more,
  });

const mention = (...people: Person[]) => ({
  msgtype: 'm.text',
  body: 'you there',
  'm.mentions': { user_ids: people.map(({ userId }) => userId) },
});

const setRule = (person: Person, path: string, body: object) => person.ask('PUT', `/pushrules/global/${path}`, body);

describe('unread counts', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let room: string;
  before(async () => {
    network = await TestNetwork.start('a.test', 'b.test');
  });
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, carol, bob] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('carol', 'a.test'),
      network.person('bob', 'b.test'),
    ]);
    room = await alice.createRoom();
    await Promise.all([carol.join(room), bob.join(room, ['a.test'])]);
    await network.settle();
  });

  it('count what others say, on all servers, and nothing of oneself', async () => {
    await alice.say(room, 'one');
    await network.settle();
    await bob.say(room, 'two');
    await network.settle();
    expect(await unread(carol, room)).to.equal('2/0');
    // What Alice said came first; Bob's came after it.
    expect(await unread(alice, room)).to.equal('1/0');
    expect(await unread(bob, room)).to.equal('0/0');
  });

  it('begin when one comes into the room', async () => {
    await alice.say(room, 'one');
    await carol.leave(room);
    await alice.say(room, 'two');
    await carol.join(room);
    expect(await unread(carol, room)).to.equal('0/0');
    await alice.say(room, 'three');
    expect(await unread(carol, room)).to.equal('1/0');
  });

  it('come with the event, and go with the receipt', async () => {
    await carol.view.sync();
    const event = await alice.say(room, 'one');
    const first = (await carol.view.sync()).rooms.join[room];
    expect(first.timeline.events).to.have.length(1);
    expect(short(first.unread_notifications)).to.equal('1/0');
    for (const type of ['m.read', 'm.read.private']) {
      const latest = type === 'm.read' ? event : await bob.say(room, 'two');
      await network.settle();
      await carol.view.sync();
      const waiting = carol.view.sync(30_000);
      await read(carol, room, latest, { type });
      expect(short((await waiting).rooms.join[room].unread_notifications)).to.equal('0/0');
    }
  });

  it('are told by a receipt even to those who do not want to hear of receipts', async () => {
    const filter = encodeURIComponent(JSON.stringify({ room: { ephemeral: { types: [] }, timeline: { types: [] } } }));
    const event = await alice.say(room, 'one');
    const { next_batch: since } = await carol.ask('GET', `/sync?filter=${filter}`);
    await read(carol, room, event, { type: 'm.read.private' });
    const answer = await carol.ask('GET', `/sync?filter=${filter}&since=${since}`);
    expect(short(answer.rooms.join[room].unread_notifications)).to.equal('0/0');
    await alice.say(room, 'two');
    const next = await carol.ask('GET', `/sync?filter=${filter}&since=${answer.next_batch}`);
    expect(short(next.rooms.join[room].unread_notifications)).to.equal('1/0');
    const last = await carol.ask('GET', `/sync?filter=${filter}&since=${next.next_batch}`);
    expect(last.rooms).to.equal(undefined);
  });

  it('use the receipt that is further on, and never go back', async () => {
    const events = [];
    for (const text of ['a', 'b', 'c', 'd']) events.push(await alice.say(room, text));
    const [a = '', b = '', c = '', d = ''] = events;
    const steps: [string, string, string][] = [
      ['m.read', c, '1/0'],
      ['m.read.private', a, '1/0'],
      ['m.read.private', b, '1/0'],
      ['m.read.private', d, '0/0'],
    ];
    for (const [type, event, expected] of steps) {
      await read(carol, room, event, { type });
      expect(await unread(carol, room)).to.equal(expected);
    }
  });

  it('are parted by thread', async () => {
    const root = await alice.say(room, 'root');
    const other = await alice.say(room, 'other');
    const first = await reply(alice, room, root);
    await reply(alice, room, root, mention(carol));
    const elsewhere = await reply(alice, room, other);
    // An edit is in the thread of what it changes, and notifies nobody.
    await alice.send(room, 'm.room.message', {
      body: '* changed',
      'm.relates_to': { rel_type: 'm.replace', event_id: first },
    });
    expect(await byThread(carol, room)).to.eql({ main: '2/0', [root]: '2/1', [other]: '1/0' });
    expect(await unread(carol, room)).to.equal('5/1');
    await read(carol, room, first, { thread: root });
    expect(await byThread(carol, room)).to.eql({ main: '2/0', [root]: '1/1', [other]: '1/0' });
    await read(carol, room, other, { thread: 'main' });
    expect(await byThread(carol, room)).to.eql({ main: '0/0', [root]: '1/1', [other]: '1/0' });
    // Whoever says something in a thread has read it, and nothing else.
    await reply(carol, room, root);
    expect(await byThread(carol, room)).to.eql({ main: '0/0', [other]: '1/0' });
    await read(carol, room, elsewhere);
    expect(await byThread(carol, room)).to.eql({ main: '0/0' });
    await network.stop('a.test');
    await network.start('a.test');
    expect(await byThread(carol, room)).to.eql({ main: '0/0' });
  });

  it('are found again after a restart', async () => {
    const root = await alice.say(room, 'root');
    await reply(alice, room, root, mention(carol));
    const event = await alice.say(room, 'two');
    await read(carol, room, event, { thread: 'main' });
    await alice.say(room, 'three');
    const before = await byThread(carol, room);
    expect(before).to.eql({ main: '1/0', [root]: '1/1' });
    await network.stop('a.test');
    await network.start('a.test');
    expect(await byThread(carol, room)).to.eql(before);
  });

  it('follow the rules: mentions, keywords, rooms that are muted, rules that change', async () => {
    await alice.send(room, 'm.room.message', mention(carol));
    await alice.send(room, 'm.room.message', { msgtype: 'm.text', body: '@room', 'm.mentions': { room: true } });
    await alice.say(room, 'there is cake');
    await alice.say(room, 'pancakes');
    expect(await unread(carol, room)).to.equal('4/2');
    const { next_batch: since } = await carol.ask('GET', '/sync');
    await setRule(carol, 'content/cake', { pattern: 'cake', actions: ['notify', { set_tweak: 'highlight' }] });
    const changed = await carol.ask('GET', `/sync?since=${since}`);
    expect(short(changed.rooms.join[room].unread_notifications)).to.equal('4/3');
    await setRule(carol, `override/mute`, {
      conditions: [{ kind: 'event_match', key: 'room_id', pattern: room }],
      actions: [],
    });
    const muted = await carol.ask('GET', `/sync?since=${changed.next_batch}`);
    expect(short(muted.rooms.join[room].unread_notifications)).to.equal('0/0');
    await carol.ask('DELETE', '/pushrules/global/override/mute');
    expect(await unread(carol, room)).to.equal('4/3');
    // A change that changes nothing is not told of rooms.
    const { next_batch: now } = await carol.ask('GET', '/sync');
    await setRule(carol, 'content/tea', { pattern: 'tea', actions: ['notify'] });
    expect((await carol.ask('GET', `/sync?since=${now}`)).rooms).to.equal(undefined);
  });

  it('leave out whom one ignores, and what has been redacted', async () => {
    const event = await alice.say(room, 'one');
    await alice.say(room, 'two');
    await bob.say(room, 'three');
    await network.settle();
    expect(await unread(carol, room)).to.equal('3/0');
    await alice.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(event)}/r1`, {});
    expect(await unread(carol, room)).to.equal('2/0');
    const path = `/user/${encodeURIComponent(carol.userId)}/account_data/m.ignored_user_list`;
    await carol.ask('PUT', path, { ignored_users: { [bob.userId]: {} } });
    expect(await unread(carol, room)).to.equal('1/0');
    await carol.ask('PUT', path, { ignored_users: {} });
    expect(await unread(carol, room)).to.equal('2/0');
  });

  it('are right on both sides when servers have lost each other for a while', async () => {
    const root = await alice.say(room, 'root');
    await network.settle();
    network.cut('a.test', 'b.test');
    await alice.send(room, 'm.room.message', mention(bob, carol));
    await reply(alice, room, root);
    await bob.say(room, 'anybody?');
    await reply(bob, room, root, mention(alice));
    await network.settle();
    expect(await byThread(alice, room)).to.eql({ main: '0/0' });
    expect(await byThread(carol, room)).to.eql({ main: '2/1', [root]: '1/0' });
    await network.heal('a.test', 'b.test');
    expect(await byThread(alice, room)).to.eql({ main: '1/0', [root]: '1/1' });
    expect(await byThread(bob, room)).to.eql({ main: '1/1', [root]: '1/0' });
    expect(await byThread(carol, room)).to.eql({ main: '3/1', [root]: '2/0' });
    const counts = await byThread(carol, room);
    await network.stop('a.test');
    await network.start('a.test');
    expect(await byThread(carol, room)).to.eql(counts);
  });

  describe('GET /notifications', () => {
    const list = async (person: Person, query = '') => person.ask('GET', `/notifications?${query}`);
    const told = ({ notifications }: any) => notifications.map((one: any) => [one.event.content.body, one.read]);

    it('lists what has notified, newest first, page by page', async () => {
      const second = await alice.createRoom();
      await carol.join(second);
      await alice.say(room, 'one');
      const two = await alice.say(second, 'two');
      await alice.send(room, 'm.room.message', mention(carol));
      await carol.say(second, 'mine');
      await alice.send(second, 'm.room.message', { msgtype: 'm.notice', body: 'beep' });
      await read(carol, second, two);
      const all = await list(carol);
      expect(told(all)).to.eql([
        ['you there', false],
        ['two', true],
        ['one', false],
      ]);
      expect(all.next_token).to.equal(undefined);
      expect(all.notifications[0]).to.deep.include({
        room_id: room,
        actions: ['notify', { set_tweak: 'sound', value: 'default' }, { set_tweak: 'highlight' }],
      });
      const first = await list(carol, 'limit=2');
      expect(told(first).map(([body]: any) => body)).to.eql(['you there', 'two']);
      const rest = await list(carol, `limit=2&from=${first.next_token}`);
      expect(told(rest).map(([body]: any) => body)).to.eql(['one']);
      expect(told(await list(carol, 'only=highlight'))).to.eql([['you there', false]]);
    });

    it('has nothing of before one came, and refuses strange tokens', async () => {
      const dave = await network.person('dave', 'a.test');
      await alice.say(room, 'one');
      await dave.join(room);
      expect(await list(dave)).to.eql({ notifications: [] });
      const answer = await carol.request('GET', '/notifications?from=yesterday');
      expect([answer.status, answer.body.errcode]).to.eql([400, 'M_INVALID_PARAM']);
    });

    it('goes on where a page was full of what notifies nobody', async () => {
      await alice.say(room, 'long ago');
      for (let i = 0; i < 45; i++) await alice.send(room, 'm.room.message', { msgtype: 'm.notice', body: `${i}` });
      expect(told(await list(carol, 'limit=5'))).to.eql([['long ago', false]]);
    });
  });
});
