import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { testDatabaseUrl } from '@holm/homeserver/testing/database';

/** The wire between servers and PostgreSQL, for breaking it. */
export class DatabaseWire implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target = new URL(testDatabaseUrl());
  #words: readonly string[] = [];
  #last: string | undefined;
  #isDown = false;

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async open(): Promise<DatabaseWire> {
    const wire = new DatabaseWire();
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    url.searchParams.delete('host'); // a socket, which would lead past this
    return url.href;
  }

  /** A connection by which PostgreSQL has been told all of these words, in this order, brings no more answers. */
  deafenAfter(...words: readonly string[]): void {
    this.#words = words;
  }

  /** The next connection by which PostgreSQL would be told this breaks instead. */
  breakAt(word: string): void {
    this.#last = word;
  }

  /** All connections break; those that come later are as they should be, unless it stays down. */
  break({ isDown = false } = {}): void {
    this.#words = [];
    this.#isDown = isDown;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#isDown = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.break();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(socket: Socket): void {
    if (this.#isDown) {
      socket.resetAndDestroy();
      return;
    }
    const other = connect(Number(this.#target.port || 5432), this.#target.hostname);
    let said = 0;
    socket.on('data', (chunk) => {
      if (this.#last !== undefined && chunk.includes(this.#last)) {
        this.#last = undefined;
        other.destroy();
        socket.destroy();
      }
      const word = this.#words[said];
      if (word === undefined) said = 0;
      else if (chunk.includes(word)) said++;
    });
    socket.pipe(other);
    other.on('data', (chunk) => {
      if (said === 0 || said < this.#words.length) socket.write(chunk);
    });
    this.#tie(socket, other);
    this.#tie(other, socket);
  }

  /** When one end is gone, so is the other. */
  #tie(one: Socket, other: Socket): void {
    this.#sockets.add(one);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      this.#sockets.delete(one);
      other.destroy();
    });
  }
}
