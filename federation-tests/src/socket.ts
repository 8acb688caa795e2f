import { once } from 'node:events';
import { type ClientHead, type ServerHead } from '@holm/spec/extensions/websocket';
import {
  type Dialect,
  type Message,
  splitMessage,
  WEBSOCKET,
  writeMessage,
} from '@holm/spec/extensions/websocket-wire';
import { WebSocket } from 'ws';
import { PATIENCE_MS } from './http.ts';
import type { Home } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** A payload that was read. */
export interface Heard {
  readonly head: ServerHead;
  readonly body: any;
}

interface Account {
  readonly home: Home;
  readonly token: string;
}

export const socketUrl = (url: string): string => `${url.replace('http', 'ws')}${WEBSOCKET.path}`;

/** How the server answered a handshake that it refused. */
export const handshake = (url: string, options: WebSocket.ClientOptions = {}, protocol: string = WEBSOCKET.protocol) =>
  new Promise<{ status: number | undefined; retryAfter: string | undefined }>((resolve, reject) => {
    const socket = new WebSocket(url, protocol, options);
    socket.on('unexpected-response', (_, response) => {
      resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] });
      response.destroy();
    });
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('error', () => undefined);
  });

/** One WebSocket of a client that does what the document says, unless it is told otherwise. */
export class TestSocket {
  readonly socket: WebSocket;
  /** What it was told and nobody has asked for yet. */
  readonly #heard: Heard[] = [];
  /** Code and reason, once it is closed. */
  closed: { readonly code: number; readonly reason: string } | undefined;
  #ids = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.#take(splitMessage(data.toString())));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#ring();
    });
    socket.on('error', () => undefined);
  }

  /** Opened, but nothing said. */
  static async connect(url: string, options: WebSocket.ClientOptions = {}): Promise<TestSocket> {
    const socket = new TestSocket(new WebSocket(socketUrl(url), WEBSOCKET.protocol, options));
    await once(socket.socket, 'open');
    return socket;
  }

  /** Opened and let in. */
  static async open({ home, token }: Account, options: WebSocket.ClientOptions = {}): Promise<TestSocket> {
    const socket = await TestSocket.connect(home.url, options);
    socket.say({ type: 'auth', access_token: token });
    await socket.next('ready');
    return socket;
  }

  say(head: ClientHead, payload?: string): void {
    this.socket.send(writeMessage(head, payload));
  }

  newId(): number {
    return ++this.#ids;
  }

  /** The next message of a kind, of an id if one is given; others are kept. */
  async next(type: ServerHead['type'], id?: number): Promise<Heard> {
    const started = performance.now();
    for (;;) {
      const index = this.#heard.findIndex(({ head }) => head.type === type && (id === undefined || idOf(head) === id));
      const [found] = index === -1 ? [] : this.#heard.splice(index, 1);
      if (found) return found;
      const left = PATIENCE_MS - (performance.now() - started);
      if (this.closed || left <= 0) throw new Error(`no ${type} came; ${JSON.stringify(this.closed ?? 'still open')}`);
      await this.#more(left);
    }
  }

  /** Whether a message of a kind is there already. */
  has(type: ServerHead['type']): boolean {
    return this.#heard.some(({ head }) => head.type === type);
  }

  async ended(): Promise<{ readonly code: number; readonly reason: string }> {
    for (let left = PATIENCE_MS; !this.closed;) {
      const started = performance.now();
      if (left <= 0) throw new Error('the socket stayed open');
      await this.#more(left);
      left -= performance.now() - started;
    }
    return this.closed;
  }

  /** Any answer, of any operation. */
  async request(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answered> {
    const id = this.newId();
    this.say({ type: 'request', id, method, path }, body === undefined ? '' : JSON.stringify(body));
    const heard = await this.next('answer', id);
    if (heard.head.type !== 'answer') throw new Error('not an answer');
    const { status, headers } = heard.head;
    return { status, headers, body: heard.body };
  }

  follow(dialect: Dialect, more: FollowOptions = {}): TestFollow {
    const { body, ...head } = more;
    const id = this.newId();
    this.say({ type: 'follow', id, dialect, ...head }, body && JSON.stringify(body));
    return new TestFollow(this, id);
  }

  /** As a network that goes away. */
  kill(): void {
    this.socket.terminate();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.socket.close(1000);
    await this.ended();
  }

  #take({ head, payload }: Message<string>): void {
    this.#heard.push({ head: JSON.parse(head), body: payload === '' ? undefined : JSON.parse(payload) });
    this.#ring();
  }

  #ring(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async #more(patienceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      timer = setTimeout(resolve, patienceMs);
    });
    clearTimeout(timer);
  }
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: any;
}

interface FollowOptions {
  readonly pos?: string;
  readonly query?: object;
  readonly timeout?: number;
  /** Of the sliding dialects. */
  readonly body?: object;
}

/** What is pushed to one follow. */
export class TestFollow {
  readonly id: number;
  readonly #socket: TestSocket;
  /** Of the last update that was taken. */
  pos: string | undefined;

  constructor(socket: TestSocket, id: number) {
    this.#socket = socket;
    this.id = id;
  }

  /** The next update, which is not acknowledged. */
  async update(): Promise<any> {
    const { head, body } = await this.#socket.next('update', this.id);
    if (head.type === 'update') this.pos = head.pos;
    return body;
  }

  ack(): void {
    this.#socket.say({ type: 'ack', id: this.id, pos: this.pos! });
  }

  /** Takes the next update and acknowledges it. */
  async take(): Promise<any> {
    const body = await this.update();
    this.ack();
    return body;
  }

  /** Takes updates until one is what is wanted. */
  async until(isIt: (body: any) => unknown): Promise<any> {
    for (;;) {
      const body = await this.take();
      if (isIt(body)) return body;
    }
  }

  end(): void {
    this.#socket.say({ type: 'unfollow', id: this.id });
  }

  async over(): Promise<{ readonly status: number; readonly body: any }> {
    const { head, body } = await this.#socket.next('over', this.id);
    return { status: head.type === 'over' ? head.status : 0, body };
  }
}

const idOf = (head: ServerHead): number | undefined => ('id' in head ? head.id : undefined);
