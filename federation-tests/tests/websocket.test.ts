import { expect } from 'chai';
import { WEBSOCKET } from '@holm/spec/extensions/websocket';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { bodiesOf, allRooms } from '../src/sliding.ts';
import { socketUrl, TestSocket } from '../src/socket.ts';
import { WebSocket } from 'ws';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const V3 = '/_matrix/client/v3';
const textsIn = (body: any, room: string): string[] =>
  (body.rooms?.join?.[room]?.timeline?.events ?? []).flatMap(({ content }: any) => content.body ?? []);

/** How the server answered a handshake that it refused. */
const refused = (url: string, options: WebSocket.ClientOptions = {}, protocol: string = WEBSOCKET.protocol) =>
  new Promise<{ status: number | undefined; retryAfter: string | undefined }>((resolve, reject) => {
    const socket = new WebSocket(url, protocol, options);
    socket.on('unexpected-response', (_, response) => {
      resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] });
      response.destroy();
    });
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('error', () => undefined);
  });

describe('a WebSocket', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    room = await alice.createRoom();
    await bob.join(room);
  });

  const sockets = () => network.server('a.test').running.services.sockets!;
  /** Until so many wait for something to happen. */
  const waiting = async (count: number): Promise<void> => {
    const { notifier } = network.server('a.test').running.services;
    for (let left = 500; notifier.size !== count; left--) {
      expect(left, `${notifier.size} wait`).to.be.greaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  /** Lets time pass until the server has looked after its sockets. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 2_500) {
      network.clock.advance(Math.min(left, 2_500));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };

  describe('is opened', () => {
    it('where it is announced', async () => {
      const { body } = await call('GET', `${alice.home.url}/_matrix/client/versions`);
      expect(body.unstable_features['holm.websocket']).to.equal(true);
    });

    it('by a first message with the token, behind which others may come at once', async () => {
      const socket = await TestSocket.connect(alice.home.url);
      socket.say({ type: 'auth', access_token: alice.token });
      const answer = socket.request('GET', `${V3}/account/whoami`);
      const { head } = await socket.next('ready');
      expect(head).to.include({ user_id: alice.userId, device_id: alice.deviceId, max_requests: 32 });
      expect((await answer).body).to.include({ user_id: alice.userId, device_id: alice.deviceId });
      await socket.close();
    });

    it('not without its subprotocol, and not elsewhere', async () => {
      const url = socketUrl(alice.home.url);
      expect((await refused(url, {}, 'chat')).status).to.equal(400);
      expect((await refused(`${url}/more`)).status).to.equal(404);
      const plain = await fetch(`${alice.home.url}${WEBSOCKET.path}`);
      expect(plain.status).to.equal(404);
    });

    it('for nobody with a token that is not in use', async () => {
      const socket = await TestSocket.connect(alice.home.url);
      socket.say({ type: 'auth', access_token: 'nonsense' });
      const { head, body } = await socket.next('refused');
      expect(head).to.deep.equal({ type: 'refused', status: 401 });
      expect(body).to.include({ errcode: 'M_UNKNOWN_TOKEN' });
      expect(await socket.ended()).to.deep.equal({ code: 4001, reason: 'M_UNKNOWN_TOKEN' });
    });

    it('for as long as it takes to say who one is', async () => {
      const socket = await TestSocket.connect(alice.home.url);
      await pass(7_500);
      expect(socket.closed).to.equal(undefined);
      await pass(5_000);
      expect((await socket.ended()).code).to.equal(4003);
    });
  });

  describe('is closed with 4000 for', () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['what is not JSON', 'hello'],
      ['a type that there is not', '{"type":"greet"}'],
      ['an id that is no number', '{"type":"cancel","id":"one"}'],
      ['a second auth', '{"type":"auth","access_token":"x"}'],
      ['an acknowledgement of what was not told', '{"type":"ack","id":1,"pos":"s1_0"}'],
      ['an id that is in use', '{"type":"follow","id":1,"dialect":"v3"}'],
      ['a first line that is too long', `{"type":"ping","more":"${'x'.repeat(WEBSOCKET.maxHeadLength)}"}`],
    ];
    for (const [what, message] of wrong) {
      it(what, async () => {
        const socket = await TestSocket.open(alice);
        const follow = socket.follow('v3', { pos: await sinceOf(alice) });
        expect(follow.id).to.equal(1);
        socket.socket.send(message);
        const { code, reason } = await socket.ended();
        expect(code, reason).to.equal(4000);
      });
    }

    it('anything before auth, and for what is binary', async () => {
      const early = await TestSocket.connect(alice.home.url);
      early.say({ type: 'ping' });
      expect((await early.ended()).code).to.equal(4000);
      const binary = await TestSocket.open(alice);
      binary.socket.send(Buffer.from('{"type":"ping"}'));
      expect((await binary.ended()).code).to.equal(4000);
    });
  });

  const sinceOf = async (person: Person): Promise<string> => {
    await person.view.sync();
    return person.view.since!;
  };

  describe('answers requests', () => {
    it('as HTTP does, whatever they are', async () => {
      const socket = await TestSocket.open(alice);
      const send = `${V3}${pathOf(room)}/send/m.room.message`;
      const calls: readonly (readonly ['GET' | 'PUT' | 'POST' | 'DELETE', string, unknown?])[] = [
        ['GET', `${V3}${pathOf(room)}/joined_members`],
        ['GET', `${V3}${pathOf(room)}/messages?dir=b&limit=2`],
        ['PUT', `${send}/one`, { msgtype: 'm.text', body: 'Grüße\nzwei' }],
        ['PUT', `${send}/one`, { msgtype: 'm.text', body: 'again' }],
        ['PUT', `${V3}${pathOf(room)}/typing/${encodeURIComponent(alice.userId)}`, { typing: true, timeout: 1000 }],
        ['PUT', `${V3}${pathOf(room)}/typing/${encodeURIComponent(bob.userId)}`, { typing: true, timeout: 1000 }],
        ['POST', `${V3}/createRoom`, { preset: 'nonsense' }],
        ['POST', `${V3}/createRoom`, 'text'],
        ['GET', `${V3}${pathOf('!no:a.test')}/state`],
        ['GET', `${V3}/nothing/here`],
        ['DELETE', `${V3}/sync`],
        ['DELETE', `${V3}/devices/${alice.deviceId}`],
        ['GET', `${V3}${pathOf(room)}/messages?dir=sideways`],
      ];
      for (const [method, path, body] of calls) {
        const over = await socket.request(method, path, body);
        const http = await call(method, `${alice.home.url}${path}`, {
          token: alice.token,
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        const { session: _, ...told } = over.body;
        const { session: __, ...heard } = http.body;
        expect({ status: over.status, body: told }, `${method} ${path}`).to.deep.equal({
          status: http.status,
          body: heard,
        });
      }
      const said = await bob.ask('GET', `${pathOf(room)}/messages?dir=b&limit=1`);
      expect(said.chunk[0].content.body).to.equal('Grüße\nzwei');
      await socket.close();
    });

    it('several at a time, in the order in which they are ready, and not one that was cancelled', async () => {
      const socket = await TestSocket.open(bob);
      const since = await sinceOf(bob);
      const [slow, cancelled] = [socket.newId(), socket.newId()];
      const path = `${V3}/sync?timeout=30000&since=${since}`;
      socket.say({ type: 'request', id: slow, method: 'GET', path });
      socket.say({ type: 'request', id: cancelled, method: 'GET', path });
      expect((await socket.request('GET', `${V3}/account/whoami`)).status).to.equal(200);
      expect(socket.has('answer')).to.equal(false);
      socket.say({ type: 'cancel', id: cancelled });
      await socket.request('GET', `${V3}/account/whoami`);
      await alice.say(room, 'ready');
      expect(textsIn((await socket.next('answer', slow)).body, room)).to.deep.equal(['ready']);
      await socket.request('GET', `${V3}/account/whoami`);
      expect(socket.has('answer')).to.equal(false);
      await socket.close();
    });

    it('so many at a time, and says so', async () => {
      const socket = await TestSocket.open(bob);
      const path = `${V3}/sync?timeout=30000&since=${await sinceOf(bob)}`;
      const ids = Array.from({ length: 33 }, () => socket.newId());
      for (const id of ids) socket.say({ type: 'request', id, method: 'GET', path });
      const { head, body } = await socket.next('answer');
      expect(head).to.deep.include({ type: 'answer', status: 429 });
      expect(body).to.include({ errcode: 'M_LIMIT_EXCEEDED' });
      expect(body.retry_after_ms).to.be.greaterThan(0);
      for (const id of ids) socket.say({ type: 'cancel', id });
      expect((await socket.request('GET', `${V3}/account/whoami`)).status).to.equal(200);
      await socket.close();
    });

    it('of clients, and of nothing else', async () => {
      const socket = await TestSocket.open(alice);
      for (const path of ['/_matrix/federation/v1/version', '/_matrix/client/v1/media/config', '/metrics', '/']) {
        const answer = await socket.request('GET', path);
        expect(answer.status, path).to.equal(404);
        expect(answer.body, path).to.include({ errcode: 'M_UNRECOGNIZED' });
      }
      await socket.close();
    });

    it('of its own session whatever else they say', async () => {
      const socket = await TestSocket.open(alice);
      const answer = await socket.request('GET', `${V3}/account/whoami?access_token=${bob.token}`);
      expect(answer.body.user_id).to.equal(alice.userId);
      await socket.close();
    });
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
      const list = { range: [0, 9], timeline_limit: 1, required_state: {} };
      const stable = socket.follow('v4', { body: { conn_id: 'a', lists: { all: list } } });
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
      await waiting(1);
      expect(numbers(await bob.ask('GET', `/sync?since=${since}`))).to.deep.equal([]);
      await second.close();
    });

    it('with nothing in it when nothing has happened for long', async () => {
      const socket = await TestSocket.open(bob);
      const follow = socket.follow('v3', { pos: await sinceOf(bob), timeout: 60_000 });
      await waiting(1);
      await pass(57_500);
      expect(socket.has('update')).to.equal(false);
      await pass(2_500);
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
      await waiting(0);
      await socket.request('GET', `${V3}/account/whoami`);
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

  describe('ends with its session', () => {
    const ways: readonly (readonly [string, (person: Person) => Promise<unknown>])[] = [
      ['when that logs out', (person) => person.ask('POST', '/logout', {})],
      ['when all log out', async (person) => (await person.login()).ask('POST', '/logout/all', {})],
      ['when the account is closed', (person) => person.deactivate()],
    ];
    for (const [when, end] of ways) {
      it(when, async () => {
        const socket = await TestSocket.open(bob);
        const other = await TestSocket.open(alice);
        socket.follow('v3', { pos: await sinceOf(bob) });
        await socket.request('GET', `${V3}/account/whoami`);
        await end(bob);
        expect(await socket.ended()).to.deep.equal({ code: 4001, reason: 'M_UNKNOWN_TOKEN' });
        expect((await other.request('GET', `${V3}/account/whoami`)).status).to.equal(200);
        await other.close();
      });
    }

    it('when another process has ended it', async () => {
      const socket = await TestSocket.open(bob);
      await network
        .server('a.test')
        .rows({ text: 'DELETE FROM access_tokens WHERE user_id = $1', values: [bob.userId] });
      network.clock.advance(20_000);
      await sockets().confirm();
      expect((await socket.ended()).code).to.equal(4001);
    });
  });

  it('is pinged, and given up when nothing is heard of the other end', async () => {
    const [alive, dead] = [await TestSocket.open(alice), await TestSocket.open(bob, { autoPong: false })];
    let pings = 0;
    alive.socket.on('ping', () => pings++);
    await pass(45_000);
    expect(pings).to.equal(1);
    expect(dead.closed).to.equal(undefined);
    await pass(60_000);
    expect((await dead.ended()).code).to.equal(1006);
    alive.say({ type: 'ping' });
    await alive.next('pong');
    await alive.close();
  });

  it('leaves nothing behind', async () => {
    const socket = await TestSocket.open(bob);
    socket.follow('v3', { pos: await sinceOf(bob) });
    await waiting(1);
    socket.kill();
    await waiting(0);
    expect([sockets().size, network.server('a.test').running.services.syncing.sync.polls.size]).to.deep.equal([0, 0]);
  });

  it('is closed when the server stops, and goes on where it was when that is back', async () => {
    const socket = await TestSocket.open(bob);
    const follow = socket.follow('v3', { pos: await sinceOf(bob) });
    await alice.say(room, 'before');
    await follow.take();
    const waiting = socket.request('GET', `${V3}/sync?timeout=30000&since=${follow.pos}`);
    await socket.request('GET', `${V3}/account/whoami`);
    await network.stop('a.test');
    expect((await waiting).status).to.equal(200);
    expect((await socket.ended()).code).to.equal(1001);
    await network.start('a.test');
    await alice.say(room, 'after');
    const again = await TestSocket.open(bob);
    const update = await again.follow('v3', { pos: follow.pos! }).take();
    expect(textsIn(update, room)).to.deep.equal(['after']);
    await again.close();
  });
});
