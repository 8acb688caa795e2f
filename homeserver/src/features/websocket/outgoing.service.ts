import type { WebSocket } from '../../http/web-sockets.ts';
import type { Clock } from '../../platform/clock.ts';

/** Longer messages go in pieces, between which a ping can go, and of which each shows that the client reads. */
const PIECE_BYTES = 65_536;
/** With so much waiting, nothing more is read from the client; it goes on once a quarter of it is left. */
const HIGH_WATER = 1_000_000;
const LOW_WATER = HIGH_WATER / 4;

interface Waiting {
  readonly text: string;
  readonly written: () => void;
}

/** What is to be said over one socket, in order. Holds back the client while it does not read. */
export class Outgoing {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  #queue: Waiting[] | undefined;
  #length = 0;
  /** When the socket took something last, while something waits. */
  #stuckSince: number | undefined;

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** Resolves once it is handed to the network, or never will be. */
  say(text: string): Promise<void> {
    return new Promise((written) => {
      this.#length += text.length;
      if (this.#length > HIGH_WATER) this.#socket.pause();
      if (this.#queue) return void this.#queue.push({ text, written });
      this.#queue = [{ text, written }];
      void this.#run(this.#queue);
    });
  }

  /** For how long something has been waiting without any of it being taken, in milliseconds. */
  stuckMs(now: number): number {
    return this.#stuckSince === undefined ? 0 : now - this.#stuckSince;
  }

  async #run(queue: Waiting[]): Promise<void> {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await this.#write(next.text);
      this.#length -= next.text.length;
      if (this.#length < LOW_WATER && this.#socket.isPaused) this.#socket.resume();
      next.written();
    }
    this.#queue = undefined;
    this.#stuckSince = undefined;
  }

  async #write(text: string): Promise<void> {
    if (text.length <= PIECE_BYTES / 3) return this.#piece(text, true);
    const bytes = Buffer.from(text);
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      const end = start + PIECE_BYTES;
      await this.#piece(bytes.subarray(start, end), end >= bytes.length);
    }
  }

  #piece(data: string | Buffer, fin: boolean): Promise<void> {
    this.#stuckSince = this.#clock.now();
    return new Promise((resolve) => {
      this.#socket.send(data, { binary: false, fin }, () => resolve());
    });
  }
}
