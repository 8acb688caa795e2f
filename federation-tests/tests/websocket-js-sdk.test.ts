import { SocketFetch } from '@holm/client/sdk/socket/socket-fetch';
import { systemClock } from '@holm/client/platform/clock';
import { expect } from 'chai';
import { type MatrixClient, Preset, RoomEvent } from 'matrix-js-sdk';
import { hasMembership, hears, JsSdk, type SdkOptions, slidingSyncOf, textsHeard } from '../src/js-sdk.ts';
import { Link } from '../src/partition.ts';
import { pathOf } from '../src/people.ts';
import { SocketScene } from '../src/socket-scene.ts';

/** What went where. */
class Traffic {
  readonly http: string[] = [];
  readonly fetch: typeof globalThis.fetch = (input, init) => {
    this.http.push(new URL(input instanceof Request ? input.url : input).pathname);
    return globalThis.fetch(input, init);
  };
}

describe('matrix-js-sdk over a WebSocket', () => {
  let scene: SocketScene;
  let sdk: JsSdk;
  let link: Link;
  const stack = new DisposableStack();
  before(async () => {
    scene = await SocketScene.start();
    sdk = new JsSdk();
    link = await Link.open();
    link.leadTo(scene.network.server('a.test').port);
  });
  beforeEach(() => scene.refresh());
  after(async () => {
    sdk[Symbol.dispose]();
    stack.dispose();
    await link[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  /** Alice's client, over a wire that can be cut. */
  const start = async (options: SdkOptions = {}) => {
    const traffic = new Traffic();
    const socket = stack.use(
      new SocketFetch({
        baseUrl: link.url,
        clock: systemClock,
        chance: () => 0,
        openSocket: (url, protocol) => new WebSocket(url, protocol),
        fetch: traffic.fetch,
      }),
    );
    const { userId, token, deviceId } = scene.alice;
    const session = { home: { url: link.url }, userId, token, deviceId };
    const client = await sdk.start(session, { ...options, client: { fetchFn: socket.fetch } });
    await isOpen(socket, true);
    return { client, socket, traffic };
  };

  const isOpen = (socket: SocketFetch, wanted: boolean): Promise<void> =>
    new Promise((resolve) => {
      if (socket.isOpen.get() === wanted) return resolve();
      const watch = socket.isOpen.observe(() => {
        if (socket.isOpen.get() !== wanted) return;
        watch[Symbol.dispose]();
        resolve();
      });
    });

  /** Says something, so that a poll that waits over HTTP ends, and the next sync goes over the socket. */
  const nudge = async (client: MatrixClient, text: string): Promise<void> => {
    const heard = hears(client, scene.room, text);
    await scene.bob.say(scene.room, text);
    await heard;
  };

  it('hears, speaks, reads and types over it, and asks nothing over HTTP', async () => {
    const { client, traffic } = await start();
    await nudge(client, 'first');
    await nudge(client, 'second');
    const { length } = traffic.http;
    await nudge(client, 'third');
    const said = hears(client, scene.room, 'Hello Bob');
    await client.sendTextMessage(scene.room, 'Hello Bob');
    expect((await said).getSender()).to.equal(client.getUserId());
    await client.sendTyping(scene.room, true, 1000);
    const { room_id: den } = await client.createRoom({ preset: Preset.PublicChat, name: 'Den' });
    await hasMembership(client, den, 'join');
    await client.leave(den);
    await hasMembership(client, den, 'leave');
    const received = new Promise<void>((resolve) => client.on(RoomEvent.Receipt, () => resolve()));
    const eventId = await scene.alice.say(scene.room, 'read me');
    await scene.bob.ask('POST', `${pathOf(scene.room)}/receipt/m.read/${encodeURIComponent(eventId)}`, {});
    await received;
    expect(traffic.http.slice(length)).to.deep.equal([]);
  });

  it('goes on over HTTP when the wire is cut, and over a socket again after that; nothing is lost or repeated', async () => {
    const { client, socket, traffic } = await start();
    const texts = textsHeard(client, scene.room);
    await nudge(client, 'before 1');
    await nudge(client, 'before 2');
    for (let n = 1; n <= 2; n++) {
      const { length } = traffic.http;
      const closed = isOpen(socket, false);
      link.cut();
      await closed;
      await scene.bob.say(scene.room, `while it was cut ${n}`);
      link.heal();
      await hears(client, scene.room, `while it was cut ${n}`);
      expect(traffic.http.slice(length).some((path) => path.endsWith('/sync'))).to.equal(true);
      await isOpen(socket, true);
      await nudge(client, `after ${n}, over HTTP perhaps`);
      const sent = hears(client, scene.room, `mine ${n}`);
      await client.sendTextMessage(scene.room, `mine ${n}`);
      await sent;
    }
    const events = client.getRoom(scene.room)!.getLiveTimeline().getEvents();
    const shown = events.flatMap((event) => (event.getContent()['body'] as string | undefined) ?? []);
    expect(shown.filter((text) => text.startsWith('mine'))).to.deep.equal(['mine 1', 'mine 2']);
    expect(texts.filter((text) => !text.startsWith('mine'))).to.deep.equal([
      'before 1',
      'before 2',
      ...[1, 2].flatMap((n) => [`while it was cut ${n}`, `after ${n}, over HTTP perhaps`]),
    ]);
  });

  it('does the same with sliding sync', async () => {
    const { client, socket, traffic } = await start({ sliding: (made) => slidingSyncOf(link.url, made) });
    const texts = textsHeard(client, scene.room);
    await nudge(client, 'first');
    await nudge(client, 'second');
    const { length } = traffic.http;
    await nudge(client, 'third');
    await client.sendTextMessage(scene.room, 'mine');
    await hears(client, scene.room, 'mine');
    expect(traffic.http.slice(length)).to.deep.equal([]);
    const closed = isOpen(socket, false);
    link.cut();
    await closed;
    await scene.bob.say(scene.room, 'while it was cut');
    link.heal();
    await hears(client, scene.room, 'while it was cut');
    expect(texts.filter((text) => text !== 'mine')).to.deep.equal(['first', 'second', 'third', 'while it was cut']);
  });
});
