import { splitMessage } from '@holm/spec/extensions/websocket-wire';
import type { Page } from 'playwright-core';
import { expect } from 'chai';
import { launchChromium, Screen } from '../src/browser.ts';
import { needChromiumAndClient } from '../src/needs.ts';
import { Link } from '../src/partition.ts';
import { PASSWORD } from '../src/people.ts';
import { SocketScene } from '../src/socket-scene.ts';

const PATIENCE_MS = 20_000;

/** What came to a page over each of its WebSockets, one after another. */
class Sockets {
  readonly received: string[][] = [];

  constructor(page: Page) {
    page.on('websocket', (socket) => {
      const frames: string[] = [];
      this.received.push(frames);
      socket.on('framereceived', ({ payload }) => frames.push(String(payload)));
    });
  }

  /** Resolves once an update over the newest socket has brought a message. */
  async brought(text: string): Promise<void> {
    const isIt = (frame: string) => splitMessage(frame).head.includes('"update"') && frame.includes(text);
    const end = performance.now() + PATIENCE_MS;
    while (!this.received.at(-1)?.some(isIt)) {
      if (performance.now() > end) throw new Error(`no socket brought ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async ready(count: number): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    const isReady = () => this.received.length >= count && this.received.at(-1)?.[0]?.includes('"ready"');
    while (!isReady()) {
      if (performance.now() > end) throw new Error(`there were ${this.received.length} sockets, not ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe('the web client over a WebSocket', () => {
  const stack = new AsyncDisposableStack();
  let scene: SocketScene;
  let link: Link;
  let screen: Screen;
  let sockets: Sockets;

  before(async function () {
    this.timeout(60_000);
    const chromium = needChromiumAndClient(this);
    link = stack.use(await Link.open());
    scene = stack.use(await SocketScene.start({ public_base_url: link.url }));
    await scene.refresh();
    link.leadTo(scene.network.server('a.test').port);
    const browser = await launchChromium(chromium);
    stack.defer(() => browser.close());
    screen = await Screen.open(browser);
    sockets = new Sockets(screen.page);
  });
  after(() => stack.disposeAsync());

  it('shows what is said, through a connection that is killed again and again', async function () {
    this.timeout(90_000);
    const { alice, bob, room } = scene;
    await alice.setState(room, ['m.room.name', ''], { name: 'Den' });
    await screen.signIn(link.url, alice.name, PASSWORD);
    await screen.page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: 'Den' }).click();
    await sockets.ready(1);
    // Ends the poll that waits over HTTP since before there was a socket.
    await bob.say(room, 'first');
    await screen.sees('first');
    await bob.say(room, 'over the socket');
    await sockets.brought('over the socket');
    await screen.sees('over the socket');

    for (const n of [1, 2]) {
      link.cut();
      await bob.say(room, `while it was cut ${n}`);
      link.heal();
      await screen.sees(`while it was cut ${n}`);
      await sockets.ready(n + 1);
      await screen.say(`mine ${n}`);
      await bob.view.untilMessage(room, `mine ${n}`);
      await bob.say(room, `after ${n}`);
      await screen.sees(`after ${n}`);
      await bob.say(room, `again ${n}`);
      await sockets.brought(`again ${n}`);
    }
    const all = [
      'first',
      'over the socket',
      ...[1, 2].flatMap((n) => [`while it was cut ${n}`, `mine ${n}`, `after ${n}`]),
    ];
    for (const text of all) expect(await screen.count(text), text).to.equal(1);
  });
});
