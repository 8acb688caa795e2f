import { writeMessage } from '@holm/spec/extensions/websocket-wire';
import { expect } from 'chai';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { SocketPort } from '../../platform/socket.ts';
import { SocketFetch } from './socket-fetch.ts';

const BASE = 'https://a.test';
const SYNC = `${BASE}/_matrix/client/v3/sync`;
const WHOAMI = `${BASE}/_matrix/client/v3/account/whoami`;

/** Time that moves when it is told to. */
class TestClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly task: () => void }>();

  now(): UnixMillis {
    return this.#now as UnixMillis;
  }

  after(delayMs: number, task: () => void): Disposable {
    const timer = { at: this.#now + delayMs, task };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => this.#timers.delete(timer) };
  }

  async pass(ms: number): Promise<void> {
    for (const end = this.#now + ms; this.#now < end;) {
      const next = Math.min(end, ...[...this.#timers].map(({ at }) => at));
      this.#now = next;
      for (const timer of this.#timers) {
        if (timer.at > next) continue;
        this.#timers.delete(timer);
        timer.task();
      }
      await settled();
    }
  }
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

/** The server's end of a socket. */
class TestSocket extends EventTarget {
  readonly said: Record<string, unknown>[] = [];

  send(text: string): void {
    this.said.push(JSON.parse(text.split('\n')[0] ?? '') as Record<string, unknown>);
  }

  close(code = 1000): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }

  hear(head: object, payload?: string): void {
    this.hearText(writeMessage(head, payload));
  }

  hearText(data: string): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  letIn(maxRequests = 2): void {
    this.dispatchEvent(new Event('open'));
    this.hear({ type: 'ready', max_requests: maxRequests, max_message_bytes: 1_000_000 });
  }

  sent(type: string): Record<string, unknown>[] {
    return this.said.filter((head) => head['type'] === type);
  }
}

describe('a fetch over a WebSocket', () => {
  let clock: TestClock;
  let sockets: TestSocket[];
  let http: string[];
  let serverSays: () => Response;
  let socket: SocketFetch;
  beforeEach(() => {
    clock = new TestClock();
    sockets = [];
    http = [];
    serverSays = () => Response.json({ unstable_features: { 'holm.websocket': true } });
    socket = new SocketFetch({
      baseUrl: BASE,
      clock,
      chance: () => 0,
      openSocket: () => {
        const opened = new TestSocket();
        sockets.push(opened);
        return opened as unknown as SocketPort;
      },
      fetch: (input) => {
        http.push(new URL(input instanceof Request ? input.url : input).pathname);
        return Promise.resolve().then(serverSays);
      },
    });
  });
  afterEach(() => socket[Symbol.dispose]());

  const ask = (url: string, init: RequestInit = {}) =>
    socket.fetch(url, { ...init, headers: { authorization: 'Bearer t' } });
  const isOpen = async (maxRequests?: number): Promise<TestSocket> => {
    await ask(WHOAMI);
    await settled();
    const opened = sockets.at(-1)!;
    opened.letIn(maxRequests);
    await settled();
    http.length = 0;
    return opened;
  };
  const failed = (answer: Promise<unknown>): Promise<Error> =>
    answer.then(
      () => new Error('none'),
      (error: unknown) => error as Error,
    );

  it('asks something once while it follows, and goes on following', async () => {
    const opened = await isOpen();
    const news = ask(`${SYNC}?since=s1&timeout=30000`);
    await settled();
    const once = ask(`${SYNC}?filter=left&timeout=0`);
    await settled();
    expect(opened.sent('unfollow')).to.deep.equal([]);
    const [request] = opened.sent('request');
    opened.hear({ type: 'answer', id: request!['id'], status: 200, headers: {} }, '{"next_batch":"s9"}');
    expect(await (await once).json()).to.deep.equal({ next_batch: 's9' });
    const [follow] = opened.sent('follow');
    opened.hear({ type: 'update', id: follow!['id'], pos: 's2' }, '{"next_batch":"s2"}');
    expect(await (await news).json()).to.deep.equal({ next_batch: 's2' });
  });

  it('hears soon that a socket is gone when the network is another one', async () => {
    await isOpen();
    const answer = ask(WHOAMI);
    socket.retry();
    await clock.pass(10_000);
    expect((await answer).status).to.equal(200);
    expect(http).to.deep.equal(['/_matrix/client/v3/account/whoami']);
  });

  it('keeps a socket that answers when the network is another one', async () => {
    const opened = await isOpen();
    socket.retry();
    expect(opened.sent('ping').length).to.equal(1);
    opened.hear({ type: 'pong' });
    await clock.pass(30_000);
    expect([socket.isOpen.get(), sockets.length]).to.deep.equal([true, 1]);
  });

  for (const [what, says] of [
    ['does not answer', () => Response.error()],
    ['is behind a proxy that says that it is away', () => new Response('<html>', { status: 502 })],
  ] as const) {
    it(`asks again soon whether there are sockets where the server ${what}`, async () => {
      serverSays = says;
      await ask(WHOAMI);
      await settled();
      serverSays = () => Response.json({ unstable_features: { 'holm.websocket': true } });
      await clock.pass(2_000);
      expect(sockets.length).to.equal(1);
    });
  }

  it('tries ever more rarely where no socket can be had, and does not give up', async () => {
    await ask(WHOAMI);
    await settled();
    const HOUR = 3_600_000;
    await clock.pass(HOUR);
    const { length } = sockets;
    await clock.pass(HOUR);
    expect(sockets.length - length).to.be.within(10, 24);
  });

  it('does not come back at once for ever to a server that goes away each time', async () => {
    await isOpen();
    for (let time = 0; time < 8; time++) {
      sockets.at(-1)!.close(1001);
      await clock.pass(1);
      sockets.at(-1)!.letIn();
    }
    expect(sockets.length).to.equal(4);
  });

  it('lets go of a request that is aborted before its turn, and of no other', async () => {
    const opened = await isOpen(1);
    const first = ask(`${WHOAMI}?1`);
    const aborted = new AbortController();
    const second = failed(ask(`${WHOAMI}?2`, { signal: aborted.signal }));
    const third = ask(`${WHOAMI}?3`);
    await settled();
    aborted.abort();
    expect((await second).name).to.equal('AbortError');
    for (const answer of [first, third]) {
      await settled();
      opened.hear({ type: 'answer', id: opened.sent('request').at(-1)!['id'], status: 200, headers: {} }, '{}');
      expect((await answer).status).to.equal(200);
    }
    expect(opened.sent('request').map(({ path }) => String(path).at(-1))).to.deep.equal(['1', '3']);
  });

  it('goes over to HTTP, for a while, when the server says what is no message', async () => {
    const opened = await isOpen();
    const answer = ask(WHOAMI);
    await settled();
    opened.hearText('[object Blob]');
    expect((await answer).status).to.equal(200);
    await clock.pass(100_000);
    expect([http.length, sockets.length]).to.deep.equal([1, 1]);
  });

  it('leaves to HTTP what is too long for a head, and what is to outlive the page', async () => {
    const opened = await isOpen();
    await ask(`${WHOAMI}?${'x'.repeat(16_384)}`);
    await ask(WHOAMI, { keepalive: true });
    expect([http.length, opened.sent('request').length]).to.deep.equal([2, 0]);
  });
});
