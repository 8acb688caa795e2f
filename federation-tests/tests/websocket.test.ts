import { WEBSOCKET } from '@holm/spec/extensions/websocket-wire';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { pathOf, type Person } from '../src/people.ts';
import { sinceOf, SocketScene, textsIn } from '../src/socket-scene.ts';
import { handshake, socketUrl, TestSocket } from '../src/socket.ts';

const V3 = '/_matrix/client/v3';

describe('a WebSocket', () => {
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
      expect((await handshake(url, {}, 'chat')).status).to.equal(400);
      expect((await handshake(`${url}/more`)).status).to.equal(404);
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
      await scene.pass(7_500);
      expect(socket.closed).to.equal(undefined);
      await scene.pass(5_000);
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
});
