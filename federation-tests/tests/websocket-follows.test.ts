import { expect } from 'chai';
import type { Person } from '../src/people.ts';
import { allRooms, bodiesOf, Slider } from '../src/sliding.ts';
import { sinceOf, SocketScene, textsIn } from '../src/socket-scene.ts';
import { TestSocket } from '../src/socket.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const V3 = '/_matrix/client/v3';
/** All rooms, in the stable dialect of sliding sync. */
const STABLE = { lists: { all: { range: [0, 9], timeline_limit: 1, required_state: {} } } };

describe('a WebSocket over which somebody follows', () => {
  let scene: SocketScene;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => (scene = await SocketScene.start()));
  after(() => scene[Symbol.asyncDispose]());
  beforeEach(async () => {
    await scene.refresh();
    ({ alice, bob, room } = scene);
  });
  // What a test leaves that has failed, such as open sockets or a server that has stopped, is not the next one's.
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await scene[Symbol.asyncDispose]();
    scene = await SocketScene.start();
  });

  describe('tells what is new', () => {
    it('as it happens, in v3', async () => {
      const socket = await TestSocket.open(bob);
      const follow = socket.follow('v3', { query: { filter: JSON.stringify({ room: { timeline: { limit: 1 } } }) } });
      const first = await follow.take();
      expect(Object.keys(first.rooms.join)).to.deep.equal([room]);
      expect(first.rooms.join[room].timeline.events).to.have.length(1);
      await alice.say(room, 'one');
      expect(textsIn(await follow.take(), room)).to.deep.equal(['one']);
      await alice.say(room, 'two');
      expect(textsIn(await follow.take(), room)).to.deep.equal(['two']);
      // The position is good for a long poll, and the other way round.
      const answer = await bob.ask('GET', `/sync?since=${follow.pos}`);
      expect(textsIn(answer, room)).to.deep.equal([]);
      await socket.close();
    });

    it('in the sliding dialects', async () => {
      const socket = await TestSocket.open(bob);
      const unstable = socket.follow('simplified_msc3575', { body: { conn_id: 'a', ...allRooms() } });
      const stable = socket.follow('v4', { body: { conn_id: 'a', ...STABLE } });
      expect((await unstable.take()).lists.all_rooms.count).to.equal(1);
      expect((await stable.take()).lists.all.count).to.equal(1);
      await alice.say(room, 'hello');
      expect(bodiesOf((await unstable.take()).rooms[room])).to.deep.equal(['hello']);
      expect(JSON.stringify((await stable.take()).rooms[room])).to.include('"hello"');
      await socket.close();
    });

    it('in one update where it is not acknowledged meanwhile', async () => {
      const socket = await TestSocket.open(bob);
      const follow = socket.follow('v3', { pos: await sinceOf(bob) });
      await alice.say(room, 'one');
      expect(textsIn(await follow.update(), room)).to.deep.equal(['one']);
      await alice.say(room, 'two');
      await alice.say(room, 'three');
      await socket.request('GET', `${V3}/account/whoami`);
      expect(socket.has('update')).to.equal(false);
      follow.ack();
      expect(textsIn(await follow.take(), room)).to.deep.equal(['two', 'three']);
      await socket.close();
    });

    it('again after a break, from what was taken in last', async () => {
      const first = await TestSocket.open(bob);
      const follow = first.follow('v3', { pos: await sinceOf(bob) });
      await alice.say(room, 'one');
      await follow.take();
      const { pos } = follow;
      await alice.say(room, 'two');
      expect(textsIn(await follow.update(), room)).to.deep.equal(['two']);
      first.kill();
      await alice.say(room, 'three');
      const second = await TestSocket.open(bob);
      const update = await second.follow('v3', { pos: pos! }).take();
      expect(textsIn(update, room)).to.deep.equal(['two', 'three']);
      await second.close();
    });

    it('of messages to the device until they are acknowledged, and not after', async () => {
      const tell = (n: number) =>
        alice.ask('PUT', `/sendToDevice/org.example/${n}`, {
          messages: { [bob.userId]: { [bob.deviceId]: { n } } },
        });
      const numbers = (body: any): number[] => (body.to_device?.events ?? []).map(({ content }: any) => content.n);
      const since = await sinceOf(bob);
      await tell(1);
      const first = await TestSocket.open(bob);
      expect(numbers(await first.follow('v3', { pos: since }).update())).to.deep.equal([1]);
      first.kill();
      const second = await TestSocket.open(bob);
      const follow = second.follow('v3', { pos: since });
      expect(numbers(await follow.take())).to.deep.equal([1]);
      await tell(2);
      expect(numbers(await follow.take())).to.deep.equal([2]);
      await second.request('GET', `${V3}/account/whoami`);
      await scene.waiting(1);
      expect(numbers(await bob.ask('GET', `/sync?since=${since}`))).to.deep.equal([]);
      await second.close();
    });

    it('and each of them once, in sliding sync, whose requests say by themselves how far they have come', async () => {
      const tell = (n: number) =>
        alice.ask('PUT', `/sendToDevice/org.example/s${n}`, {
          messages: { [bob.userId]: { [bob.deviceId]: { n } } },
        });
      const numbers = (body: any): number[] =>
        (body.extensions.to_device?.events ?? []).map(({ content }: any) => content.n);
      const socket = await TestSocket.open(bob);
      const body = { ...allRooms(), extensions: { to_device: { enabled: true } } };
      const follow = socket.follow('simplified_msc3575', { body });
      expect(numbers(await follow.take())).to.deep.equal([]);
      await tell(1);
      expect(numbers(await follow.take())).to.deep.equal([1]);
      await scene.waiting(1);
      expect(socket.has('update')).to.equal(false);
      await tell(2);
      expect(numbers(await follow.take())).to.deep.equal([2]);
      await socket.close();
    });

    it('with nothing in it when nothing has happened for long', async () => {
      const socket = await TestSocket.open(bob);
      const follow = socket.follow('v3', { pos: await sinceOf(bob), timeout: 60_000 });
      await scene.waiting(1);
      await scene.pass(57_500);
      expect(socket.has('update')).to.equal(false);
      await scene.pass(2_500);
      const update = await follow.take();
      expect(update).to.have.keys('next_batch', 'device_one_time_keys_count', 'device_unused_fallback_key_types');
      await socket.close();
    });

    it('until it is not wanted any more', async () => {
      const socket = await TestSocket.open(bob);
      const since = await sinceOf(bob);
      const ids = Array.from({ length: 10 }, () => {
        const follow = socket.follow('v3', { pos: since });
        follow.end();
        return follow;
      });
      expect(ids).to.have.length(10);
      await alice.say(room, 'unheard');
      await scene.waiting(0);
      await socket.request('GET', `${V3}/account/whoami`);
      expect(socket.has('update')).to.equal(false);
      await socket.close();
    });

    it('in more places at once than a session may have long polls', async () => {
      const pos = await sinceOf(bob);
      const sockets = await Promise.all(Array.from({ length: 8 }, () => TestSocket.open(bob)));
      for (const socket of sockets) for (let n = 0; n < 3; n++) socket.follow('v3', { pos });
      await scene.waiting(24);
      expect(sockets.filter((socket) => socket.has('update'))).to.deep.equal([]);
      await Promise.all(sockets.map((socket) => socket.close()));
    });

    it('whatever is said in it of what only a request has: a place and a time', async () => {
      const socket = await TestSocket.open(bob);
      const stray = { since: 5, pos: 5, timeout: 'x' };
      const pos = await sinceOf(bob);
      const classic = socket.follow('v3', { pos, query: stray });
      const [stable, unstable] = [
        socket.follow('v4', { body: { ...STABLE, ...stray } }),
        socket.follow('simplified_msc3575', { query: stray, body: { ...allRooms(), ...stray } }),
      ];
      for (const follow of [stable, unstable]) expect((await follow.take()).rooms).to.have.property(room);
      await alice.say(room, 'new');
      expect(textsIn(await classic.take(), room)).to.deep.equal(['new']);
      await socket.close();
    });

    it('from the start where it does not know the place, in v3, as over HTTP', async () => {
      const socket = await TestSocket.open(bob);
      const update = await socket.follow('v3', { pos: 'nonsense' }).take();
      expect(update.rooms.join[room].timeline.events[0].type).to.equal('m.room.create');
      expect(update.rooms).to.deep.equal((await bob.ask('GET', '/sync?since=nonsense')).rooms);
      await socket.close();
    });

    it('until another follow, or a request, goes on with the connection of sliding sync', async () => {
      const socket = await TestSocket.open(bob);
      const body = { conn_id: 'one', ...allRooms() };
      const first = socket.follow('simplified_msc3575', { body });
      await first.take();
      await scene.waiting(1);
      const second = socket.follow('simplified_msc3575', { pos: first.pos!, body });
      const over = await first.over();
      expect([over.status, over.body.errcode]).to.deep.equal([409, 'M_BAD_STATE']);
      await alice.say(room, 'hello');
      expect(bodiesOf((await second.take()).rooms[room])).to.deep.equal(['hello']);
      await scene.waiting(1);
      const slider = new Slider(bob, 'one');
      slider.pos = second.pos;
      await slider.sync(allRooms());
      expect((await second.over()).status).to.equal(409);
      await scene.waiting(0);
      expect(socket.has('update')).to.equal(false);
      await socket.close();
    });

    it('and says why where it cannot', async () => {
      const socket = await TestSocket.open(bob);
      const wrong = await socket.follow('v3', { query: { full_state: 'very' } }).over();
      expect(wrong).to.deep.include({ status: 400 });
      expect(wrong.body.errcode).to.equal('M_INVALID_PARAM');
      const unknown = await socket.follow('simplified_msc3575', { pos: 'n1.none.1_1', body: allRooms() }).over();
      expect(unknown.body.errcode).to.equal('M_UNKNOWN_POS');
      const pos = await sinceOf(bob);
      const follows = Array.from({ length: 5 }, () => socket.follow('v3', { pos }));
      expect((await follows[4]!.over()).body.errcode).to.equal('M_LIMIT_EXCEEDED');
      await socket.close();
    });
  });

  it('is pinged, and given up when nothing is heard of the other end', async () => {
    const [alive, dead] = [await TestSocket.open(alice), await TestSocket.open(bob, { autoPong: false })];
    let pings = 0;
    alive.socket.on('ping', () => pings++);
    await scene.pass(45_000);
    expect(pings).to.equal(1);
    expect(dead.closed).to.equal(undefined);
    await scene.pass(60_000);
    expect((await dead.ended()).code).to.equal(1006);
    alive.say({ type: 'ping' });
    await alive.next('pong');
    await alive.close();
  });

  it('leaves nothing behind', async () => {
    const socket = await TestSocket.open(bob);
    socket.follow('v3', { pos: await sinceOf(bob) });
    await scene.waiting(1);
    socket.kill();
    await scene.waiting(0);
    expect([scene.sockets.size, scene.services.syncing.sync.follows.size]).to.deep.equal([0, 0]);
  });

  it('is closed when the server stops, and goes on where it was when that is back', async () => {
    const socket = await TestSocket.open(bob);
    const follow = socket.follow('v3', { pos: await sinceOf(bob) });
    await alice.say(room, 'before');
    await follow.take();
    const waiting = socket.request('GET', `${V3}/sync?timeout=30000&since=${follow.pos}`);
    await socket.request('GET', `${V3}/account/whoami`);
    await scene.network.stop('a.test');
    expect((await waiting).status).to.equal(200);
    expect((await socket.ended()).code).to.equal(1001);
    await scene.network.start('a.test');
    await alice.say(room, 'after');
    const again = await TestSocket.open(bob);
    const update = await again.follow('v3', { pos: follow.pos! }).take();
    expect(textsIn(update, room)).to.deep.equal(['after']);
    await again.close();
  });
});
