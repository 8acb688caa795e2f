import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { Slider } from '../src/sliding.ts';
import { TestSocket } from '../src/socket.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const UNSTABLE = '/_matrix/client/unstable';
const NAME = 'io.element.msc4308.thread_subscriptions';
const CONFLICT = 'IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION';
const asking = (limit?: number) => ({
  extensions: { [NAME]: { enabled: true, ...(limit !== undefined && { limit }) } },
});
const PER_THREAD = encodeURIComponent(JSON.stringify({ room: { timeline: { unread_thread_notifications: true } } }));

describe('subscriptions to threads', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  let root: string;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    room = await bob.createRoom();
    await alice.join(room);
    root = await bob.say(room, 'root');
  });

  const at = (person: Person, path: string, method = 'GET', body?: object) =>
    call(method, `${person.home.url}${UNSTABLE}/${path}`, { token: person.token, body });
  const thread = (method: string, id = root, body?: object, { person = alice, inRoom = room } = {}) =>
    at(person, `io.element.msc4306${pathOf(inRoom)}/thread/${encodeURIComponent(id)}/subscription`, method, body);
  const follow = async (id = root, body: object = {}, person = alice) => {
    const { status, body: answer } = await thread('PUT', id, body, { person });
    return [status, answer.errcode ?? 'fine'];
  };
  const leave = async (id = root) => expect((await thread('DELETE', id)).status).to.equal(200);
  const reply = (to = root, more: object = {}, person = bob) =>
    person.send(room, 'm.room.message', {
      msgtype: 'm.text',
      body: 'in the thread',
      'm.relates_to': { rel_type: 'm.thread', event_id: to },
      ...more,
    });
  const page = async (query = '') => (await at(alice, `io.element.msc4308/thread_subscriptions?dir=b${query}`)).body;

  it('are made, found, and given up', async () => {
    expect((await thread('GET')).body.errcode).to.equal('M_NOT_FOUND');
    expect(await follow()).to.eql([200, 'fine']);
    expect((await thread('GET')).body).to.eql({ automatic: false });
    await leave();
    await leave();
    expect((await thread('GET')).status).to.equal(404);
    const { body } = await call('GET', `${alice.home.url}/_matrix/client/versions`);
    expect(body.unstable_features).to.include({ 'org.matrix.msc4306': true });
  });

  it('that a client makes by itself give way to what its user wants', async () => {
    const cause = await reply();
    expect(await follow(root, { automatic: cause })).to.eql([200, 'fine']);
    expect((await thread('GET')).body).to.eql({ automatic: true });
    await follow(root, { automatic: false });
    await follow(root, { automatic: cause });
    expect((await thread('GET')).body).to.eql({ automatic: false });
    await leave();
    expect(await follow(root, { automatic: cause })).to.eql([409, CONFLICT]);
    expect(await follow(root, { automatic: await reply() })).to.eql([200, 'fine']);
    await leave();
    expect(await follow()).to.eql([200, 'fine']);
  });

  it('need a cause that is in the thread', async () => {
    const other = await bob.say(room, 'other root');
    for (const cause of [root, other, await reply(other), '$nothing']) {
      expect(await follow(root, { automatic: cause })).to.eql([400, 'IO.ELEMENT.MSC4306.M_NOT_IN_THREAD']);
    }
    for (const automatic of [true, 7, 'no event']) {
      expect((await follow(root, { automatic }))[0]).to.equal(400);
    }
    expect((await thread('GET')).status).to.equal(404);
    const reaction = { 'm.relates_to': { rel_type: 'm.annotation', key: 'x', event_id: await reply() } };
    expect(await follow(root, { automatic: await bob.send(room, 'm.reaction', reaction) })).to.eql([200, 'fine']);
  });

  it('are of threads that one can see', async () => {
    const hidden = await bob.createRoom({ preset: 'private_chat' });
    const secret = await bob.say(hidden, 'secret');
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? {} : undefined;
      for (const [id, where] of [
        [secret, hidden],
        [secret, room],
        ['$nothing', room],
        [await reply(), room],
      ] as const) {
        const answer = await thread(method, id, body, { inRoom: where });
        expect([answer.status, answer.body.errcode], `${method} ${id}`).to.eql([404, 'M_NOT_FOUND']);
      }
    }
  });

  it('are told by sliding sync, in both dialects and over a WebSocket, as they change', async () => {
    const slider = new Slider(alice);
    const stable = (body: object) =>
      call('POST', `${alice.home.url}/_matrix/client/v4/sync`, { token: alice.token, body });
    expect((await slider.sync(asking())).extensions).to.eql({});
    const first = (await stable(asking())).body;
    const socket = await TestSocket.open(alice);
    const pushed = socket.follow('v4', { body: { conn_id: 'pushed', ...asking() } });
    await pushed.take();

    const waiting = slider.sync(asking(), 30_000);
    await follow();
    const { [NAME]: told } = (await waiting).extensions;
    const { bump_stamp: stamp } = told.subscribed[room][root];
    expect(told).to.eql({ subscribed: { [room]: { [root]: { automatic: false, bump_stamp: stamp } } } });
    expect((await slider.sync(asking())).extensions).to.eql({});
    expect((await stable({ ...asking(), pos: first.pos })).body.extensions).to.eql({ [NAME]: told });
    const heard = await pushed.until((body) => body.extensions?.[NAME]);
    expect(heard.extensions).to.eql({ [NAME]: told });
    await socket.close();

    await leave();
    const { unsubscribed } = (await slider.sync(asking())).extensions[NAME];
    expect(Object.keys(unsubscribed[room])).to.eql([root]);
    expect(unsubscribed[room][root].bump_stamp).to.be.greaterThan(stamp);
    // Whoever begins afresh may have kept what they knew: they hear of both.
    await follow(await bob.say(room, 'another'));
    const fresh = (await new Slider(alice, 'fresh').sync(asking())).extensions[NAME];
    expect(Object.keys(fresh).sort()).to.eql(['subscribed', 'unsubscribed']);
    // Of what others follow one hears nothing.
    await follow(root, {}, bob);
    expect((await slider.sync(asking())).extensions[NAME].subscribed[room]).to.not.have.property(root);
  });

  it('are told again when an answer gets lost, and after a restart', async () => {
    const slider = new Slider(alice);
    await slider.sync(asking());
    await follow();
    const lost = (await slider.lose(asking())).extensions[NAME];
    await network.stop('a.test');
    await network.start('a.test');
    expect((await slider.sync(asking())).extensions[NAME]).to.eql(lost);
    expect((await slider.sync(asking())).extensions).to.eql({});
  });

  it('of which there are many are told in part, and the others can be had one page after the other', async () => {
    const slider = new Slider(alice);
    await follow();
    const { pos } = await slider.sync(asking());
    const roots: string[] = [];
    for (let n = 0; n < 5; n++) {
      roots.push(await bob.say(room, `root ${n}`));
      await follow(roots[n]);
    }
    const told = (await slider.sync(asking(2))).extensions[NAME];
    expect(Object.keys(told.subscribed[room])).to.eql([roots[4], roots[3]]);
    const to = `&to=${encodeURIComponent(pos)}`;
    const second = await page(`&limit=2&from=${told.prev_batch}${to}`);
    expect(Object.keys(second.subscribed[room])).to.eql([roots[2], roots[1]]);
    const third = await page(`&limit=2&from=${second.end}${to}`);
    expect(third).to.have.all.keys('subscribed');
    expect(Object.keys(third.subscribed[room])).to.eql([roots[0]]);
    expect(Object.keys((await page()).subscribed[room])).to.have.length(6);
    expect(Object.keys((await page('&limit=100000')).subscribed[room])).to.have.length(6);
    for (const wrong of ['?dir=b&from=x', '?dir=b&to=t5', '?dir=b&limit=0', '?dir=f']) {
      const { status, body } = await at(alice, `io.element.msc4308/thread_subscriptions${wrong}`);
      expect([status, body.errcode], wrong).to.eql([400, 'M_INVALID_PARAM']);
    }
  });

  describe('and what notifies', () => {
    const unread = async (person = alice): Promise<any> => {
      const { rooms } = await person.ask('GET', `/sync?filter=${PER_THREAD}`);
      const counts = rooms.join[room];
      return Object.fromEntries(
        Object.entries<any>(counts.unread_thread_notifications ?? {}).map(([id, one]) => [id, one.notification_count]),
      );
    };
    const rule = (id: string) => `/pushrules/global/postcontent/.io.element.msc4306.rule.${id}`;

    it('is every thread for those who follow none, and only those that they follow for others', async () => {
      const other = await bob.say(room, 'other root');
      await reply();
      await reply(other);
      expect(await unread()).to.eql({ [root]: 1, [other]: 1 });
      await alice.view.sync();
      const { since } = alice.view;
      await follow();
      expect(await unread()).to.eql({ [root]: 1 });
      // The other counts are news, and the rules, to who goes on.
      const next = await alice.ask('GET', `/sync?since=${since}&filter=${PER_THREAD}`);
      expect(next.rooms.join[room].unread_thread_notifications).to.have.all.keys(root);
      expect(next.account_data.events.map(({ type }: any) => type)).to.eql(['m.push_rules']);
      await reply(other, { 'm.mentions': { user_ids: [alice.userId] } });
      await reply(other);
      expect(await unread()).to.eql({ [root]: 1, [other]: 1 });
      await leave();
      expect(await unread()).to.eql({ [other]: 1 });
    });

    it('is a thread that one follows in a room that is silent', async () => {
      await alice.ask('PUT', `/pushrules/global/room/${encodeURIComponent(room)}`, { actions: [] });
      await follow();
      await reply();
      await bob.say(room, 'beside it');
      expect(await unread()).to.eql({ [root]: 1 });
      const { notifications } = await alice.ask('GET', '/notifications');
      expect(notifications.map(({ event }: any) => event.content.body)).to.eql(['in the thread']);
      await network.stop('a.test');
      await network.start('a.test');
      expect(await unread()).to.eql({ [root]: 1 });
    });

    it("can be switched by those who want it otherwise, but has no rules of one's own", async () => {
      expect((await alice.ask('GET', rule('unsubscribed_thread'))).enabled).to.equal(false);
      await alice.ask('PUT', `${rule('unsubscribed_thread')}/enabled`, { enabled: false });
      await follow(await bob.say(room, 'other root'));
      expect((await alice.ask('GET', rule('unsubscribed_thread'))).enabled).to.equal(false);
      expect((await alice.ask('GET', rule('subscribed_thread'))).enabled).to.equal(true);
      await reply();
      expect(await unread()).to.eql({ [root]: 1 });
      const own = await alice.request('PUT', '/pushrules/global/postcontent/mine', { actions: [], conditions: [] });
      expect([own.status, own.body.errcode]).to.eql([400, 'M_INVALID_PARAM']);
    });
  });
});
