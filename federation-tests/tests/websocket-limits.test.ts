import { Socket } from 'node:net';
import { expect } from 'chai';
import type { WebSocket } from 'ws';
import { SocketScene, sinceOf, textsIn } from '../src/socket-scene.ts';
import { handshake, socketUrl, TestSocket } from '../src/socket.ts';
import { SkewedClock } from '../src/weather/skewed-clock.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const V3 = '/_matrix/client/v3';
const unlimited = Object.fromEntries(
  ['login', 'registration', 'message', 'join', 'invite', 'directory', 'media', 'other', 'federation'].map((of) => [
    of,
    'off',
  ]),
);
/** What the library keeps beside what it offers. */
type Inside = WebSocket & { readonly _socket: Socket };
const wireOf = ({ socket }: TestSocket): Socket => (socket as Inside)._socket;

const withScene = (config: object, use: (scene: SocketScene) => Promise<void>) => async () => {
  await using scene = await SocketScene.start(config);
  await scene.refresh();
  await use(scene);
};

describe('the limits of WebSockets', () => {
  it(
    'are so many of a user, of an address and in all',
    withScene(
      { websockets: { max_sockets: 4, max_sockets_per_address: 3, max_sockets_per_user: 2 } },
      async (scene) => {
        const { alice, bob } = scene;
        const url = socketUrl(alice.home.url);
        const first = await TestSocket.open(bob);
        const second = await TestSocket.open(bob);
        const third = await TestSocket.connect(bob.home.url);
        third.say({ type: 'auth', access_token: bob.token });
        const { head, body } = await third.next('refused');
        expect(head).to.include({ status: 429 });
        expect(body).to.include({ errcode: 'M_LIMIT_EXCEEDED' });
        expect((await third.ended()).code).to.equal(4029);
        const others = await TestSocket.open(alice);
        expect(await handshake(url)).to.deep.equal({ status: 429, retryAfter: '60' });
        await first.close();
        // One of those that are gone makes room.
        await scene.open(2);
        const again = await TestSocket.open(bob);
        await Promise.all([second, others, again].map((socket) => socket.close()));
      },
    ),
  );

  it('are kept where somebody sets the clock back: who does not answer a ping is given up', async () => {
    let clock: SkewedClock | undefined;
    await using scene = await SocketScene.start({}, { clockOf: (_, right) => (clock = new SkewedClock(right)) });
    await scene.refresh();
    const dead = await TestSocket.open(scene.bob, { autoPong: false });
    clock!.wrongByMs = -3_600_000;
    await scene.pass(105_000);
    expect((await dead.ended()).code).to.equal(1006);
  });

  it(
    'count addresses as the proxies that are trusted tell them',
    withScene(
      {
        websockets: { max_sockets: 2, max_sockets_per_address: 1 },
        listeners: [{ address: '127.0.0.1', port: 0, trusted_proxies: ['127.0.0.1'] }],
      },
      async ({ alice }) => {
        const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
        const one = await TestSocket.open(alice, from('192.0.2.1'));
        expect((await handshake(socketUrl(alice.home.url), from('192.0.2.1'))).status).to.equal(429);
        const two = await TestSocket.open(alice, from('2001:db8::1'));
        expect((await handshake(socketUrl(alice.home.url), from('192.0.2.3'))).status).to.equal(503);
        const { body } = await two.request('GET', `${V3}/devices/${alice.deviceId}`);
        expect(body.last_seen_ip).to.equal('2001:db8::1');
        await Promise.all([one.close(), two.close()]);
      },
    ),
  );

  it(
    'let in pages of some origins, where these are named, and all that are no pages',
    withScene({ websockets: { allowed_origins: ['https://app.a.test'] } }, async ({ alice }) => {
      const url = socketUrl(alice.home.url);
      expect((await handshake(url, { origin: 'https://evil.test' })).status).to.equal(403);
      const ours = await TestSocket.open(alice, { origin: 'https://app.a.test' });
      const program = await TestSocket.open(alice);
      await Promise.all([ours.close(), program.close()]);
    }),
  );

  it(
    'are those of HTTP for how often one may ask: the buckets are the same',
    withScene({ rate_limits: { ...unlimited, message: { per_second: 0.001, burst: 3 } } }, async ({ alice, room }) => {
      const socket = await TestSocket.open(alice);
      const path = (n: number) => `${V3}/rooms/${encodeURIComponent(room)}/send/m.room.message/t${n}`;
      expect((await socket.request('PUT', path(1), { body: 'one' })).status).to.equal(200);
      await alice.say(room, 'two');
      expect((await socket.request('PUT', path(3), { body: 'three' })).status).to.equal(200);
      const refused = await socket.request('PUT', path(4), { body: 'four' });
      expect(refused).to.deep.include({ status: 429 });
      expect(refused.body.retry_after_ms).to.be.greaterThan(0);
      expect(Number(refused.headers['retry-after'])).to.be.greaterThan(0);
      expect((await alice.request('PUT', path(5).slice(V3.length), { body: 'five' })).status).to.equal(429);
      await socket.close();
    }),
  );

  it(
    'make those wait who acknowledge too fast, and tell them all of it then',
    withScene({ rate_limits: { ...unlimited, other: { per_second: 1, burst: 10 } } }, async (scene) => {
      const { alice, bob, room } = scene;
      const socket = await TestSocket.open(bob);
      const follow = socket.follow('v3', { pos: await sinceOf(bob) });
      await alice.say(room, 'one');
      expect(textsIn(await follow.update(), room)).to.deep.equal(['one']);
      let status = 200;
      while (status === 200) ({ status } = await socket.request('GET', `${V3}/joined_rooms`));
      expect(status).to.equal(429);
      follow.ack();
      await alice.say(room, 'two');
      await alice.say(room, 'three');
      expect((await socket.follow('v3').over()).body.errcode).to.equal('M_LIMIT_EXCEEDED');
      expect(socket.has('update')).to.equal(false);
      await scene.pass(2_500);
      expect(textsIn(await follow.update(), room)).to.deep.equal(['two', 'three']);
      await socket.close();
    }),
  );

  it(
    'close who sends more at once than a request may have',
    withScene({ limits: { max_body_bytes: 65_536 } }, async ({ alice, room }) => {
      const socket = await TestSocket.open(alice);
      const path = `${V3}/rooms/${encodeURIComponent(room)}/send/m.room.message/t1`;
      const tooLarge = await socket.request('PUT', path, { body: 'x'.repeat(66_000) });
      expect(tooLarge.body.errcode).to.equal('M_TOO_LARGE');
      socket.say({ type: 'request', id: socket.newId(), method: 'PUT', path }, 'x'.repeat(100_000));
      expect((await socket.ended()).code).to.equal(1009);
    }),
  );

  it(
    'close who does not acknowledge, and who does not read',
    withScene({ websockets: { slow_client_ms: 20_000, ping_interval_ms: 1_000_000_000 } }, async (scene) => {
      const { alice, bob, room } = scene;
      const silent = await TestSocket.open(bob);
      const follow = silent.follow('v3', { pos: await sinceOf(bob) });
      const deaf = await TestSocket.open(alice, { perMessageDeflate: false });
      const fine = await TestSocket.open(bob);
      await alice.say(room, 'hello');
      await follow.update();
      for (let n = 0; n < 20; n++) await alice.say(room, 'x'.repeat(50_000));
      deaf.socket.pause();
      // More than the kernel takes for it.
      const path = `${V3}/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=20`;
      for (let n = 0; n < 20; n++) deaf.say({ type: 'request', id: deaf.newId(), method: 'GET', path });
      await scene.pass(10_000);
      expect([silent.closed, scene.sockets.size]).to.deep.equal([undefined, 3]);
      await scene.pass(15_000);
      expect((await silent.ended()).code).to.equal(4008);
      await scene.open(1, () => scene.pass(2_500));
      await fine.close();
    }),
  );

  it(
    'are compressed when they are large, both ways, and what is not deflate closes its socket',
    withScene({}, async ({ alice, bob, room }) => {
      const socket = await TestSocket.open(alice, { perMessageDeflate: { threshold: 0 } });
      const plain = await TestSocket.open(bob, { perMessageDeflate: false });
      expect([socket.socket.extensions, plain.socket.extensions]).to.deep.equal(['permessage-deflate', '']);
      const path = (n: number) => `${V3}/rooms/${encodeURIComponent(room)}/send/m.room.message/t${n}`;
      const text = 'all work and no play '.repeat(2_000);
      const [before, sent] = [wireOf(socket).bytesRead, wireOf(socket).bytesWritten];
      expect((await socket.request('PUT', path(1), { body: text })).status).to.equal(200);
      expect((await socket.request('PUT', path(2), { body: 'small' })).status).to.equal(200);
      const { body } = await socket.request('GET', `${V3}/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=2`);
      expect(body.chunk.map(({ content }: any) => content.body)).to.deep.equal(['small', text]);
      expect(wireOf(socket).bytesRead - before).to.be.lessThan(5_000);
      expect(wireOf(socket).bytesWritten - sent).to.be.lessThan(5_000);
      const same = await plain.request('GET', `${V3}/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=2`);
      expect(same.body.chunk[1].content.body).to.equal(text);
      // A frame of text that says it is compressed, and is not.
      wireOf(socket).write(Buffer.from([0xc1, 0x84, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
      expect((await socket.ended()).code).to.equal(1007);
      await plain.close();
    }),
  );

  it(
    'hold for what is inside of a small message',
    withScene({}, async ({ alice }) => {
      const socket = await TestSocket.open(alice, { perMessageDeflate: { threshold: 0 } });
      socket.say({ type: 'request', id: 1, method: 'POST', path: `${V3}/createRoom` }, ' '.repeat(20_000_000));
      expect((await socket.ended()).code).to.equal(1009);
    }),
  );

  it(
    'may be none at all: then nobody is told of sockets',
    withScene({ websockets: { enabled: false } }, async ({ alice }) => {
      const versions = await (await fetch(`${alice.home.url}/_matrix/client/versions`)).json();
      expect((versions as any).unstable_features['holm.websocket']).to.equal(false);
      expect((await handshake(socketUrl(alice.home.url))).status).to.equal(404);
    }),
  );
});
