import type { ClientHead, ServerHead } from '@holm/spec/extensions/websocket';
import { CLOSED, type Dialect, splitMessage, WEBSOCKET, writeMessage } from '@holm/spec/extensions/websocket-wire';
import type { Clock } from '../../platform/clock.ts';
import type { OpenSocket, SocketPort } from '../../platform/socket.ts';

export interface LineNeeds {
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
}

/** Where a line leads, and for whom. */
export interface LineEnd {
  /** Of the homeserver. */
  readonly baseUrl: string;
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Wish {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly body: string;
}

export interface FollowWish {
  readonly dialect: Dialect;
  readonly pos: string | undefined;
  readonly query: Readonly<Record<string, string | boolean>>;
  readonly body: string;
}

/** What is told to a follow: an update, or that it is over. */
export type Told =
  | { readonly kind: 'update'; readonly pos: string; readonly body: string }
  | { readonly kind: 'over'; readonly answer: Answer };

export interface Follow {
  /** What is told next. One at a time; rejects with `LineLostError`. */
  next(): Promise<Told>;
  /** What was told last has been taken in. */
  acknowledge(pos: string): void;
  end(): void;
}

/** The socket broke, or was never open. */
export class LineLostError extends Error {
  override readonly name = 'LineLostError';
  /** The close code of the socket. */
  readonly code: number;

  constructor(code: number) {
    super(`the WebSocket was closed with ${code}`);
    this.code = code;
  }
}

/** Nothing heard for so long: ask whether the server is there. And for so long after that: it is not. */
const QUIET_MS = 45_000;
const PATIENCE_MS = 10_000;
const OPENING_MS = 15_000;
const NO_CLOSE_FRAME = 1006;
/** What stands in the head of a request beside its path, at most. */
const HEAD_BESIDE_PATH = 200;

/** One WebSocket of the extension `holm.websocket`, from its opening to its end. It is never opened again. */
export class Line {
  readonly #clock: Clock;
  readonly #socket: SocketPort;
  readonly #ready = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<LineLostError>();
  readonly #requests = new Map<number, PromiseWithResolvers<Answer>>();
  readonly #follows = new Map<number, LineFollow>();
  /** Requests that wait until others are answered. */
  readonly #queue: (() => void)[] = [];
  #limits = { maxRequests: 1, maxMessageBytes: 0 };
  #ids = 0;
  #end: LineLostError | undefined;
  #timer: Disposable;
  isReady = false;

  constructor({ clock, openSocket }: LineNeeds, { baseUrl, token }: LineEnd) {
    this.#clock = clock;
    // Nobody has to care.
    this.#ready.promise.catch(() => undefined);
    this.#socket = openSocket(`${baseUrl.replace(/^http/, 'ws')}${WEBSOCKET.path}`, WEBSOCKET.protocol);
    this.#timer = clock.after(OPENING_MS, () => this.close());
    this.#socket.addEventListener('open', () => this.#say({ type: 'auth', access_token: token }));
    this.#socket.addEventListener('message', ({ data }) => this.#hear(String(data)));
    this.#socket.addEventListener('close', ({ code }) => this.#lose(code));
    this.#socket.addEventListener('error', () => undefined);
  }

  /** Resolves when it may be used; rejects with `LineLostError`. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves at its end. */
  get lost(): Promise<LineLostError> {
    return this.#lost.promise;
  }

  /** Whether a message of this size may be sent. */
  carries({ path, body }: Wish): boolean {
    const { maxMessageBytes } = this.#limits;
    // A UTF-16 unit is at most three bytes.
    return (
      path.length + HEAD_BESIDE_PATH < WEBSOCKET.maxHeadLength && path.length + body.length * 3 + 1000 < maxMessageBytes
    );
  }

  /** The network may have been another one meanwhile: hears soon whether the server is still there. */
  check(): void {
    if (this.isReady) this.#ask();
  }

  /** Any answer of the server. Rejects with `LineLostError`; whether it was carried out is then not known. */
  async request({ method, path, body }: Wish, signal?: AbortSignal | null): Promise<Answer> {
    while (!this.#end && this.#requests.size >= this.#limits.maxRequests) await this.#turn(signal);
    if (this.#end) throw this.#end;
    const id = ++this.#ids;
    const answered = Promise.withResolvers<Answer>();
    this.#requests.set(id, answered);
    const cancel = () => {
      this.#say({ type: 'cancel', id });
      answered.reject(reasonOf(signal));
    };
    if (signal?.aborted === true) answered.reject(reasonOf(signal));
    else {
      signal?.addEventListener('abort', cancel, { once: true });
      this.#say({ type: 'request', id, method, path }, body);
    }
    try {
      return await answered.promise;
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#requests.delete(id);
      this.#queue.shift()?.();
    }
  }

  /** Waits until another request is answered. Rejects when `signal` aborts, as `fetch` does. */
  async #turn(signal: AbortSignal | null | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.push(resolve);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    if (signal?.aborted !== true) return;
    const index = this.#queue.indexOf(resolve);
    if (index === -1) this.#queue.shift()?.();
    else this.#queue.splice(index, 1);
    throw reasonOf(signal);
  }

  follow({ dialect, pos, query, body }: FollowWish): Follow {
    const id = ++this.#ids;
    const follow = new LineFollow({
      acknowledge: (told) => this.#say({ type: 'ack', id, pos: told }),
      end: () => {
        if (this.#follows.delete(id)) this.#say({ type: 'unfollow', id });
      },
    });
    if (this.#end) follow.lose(this.#end);
    this.#follows.set(id, follow);
    this.#say({ type: 'follow', id, dialect, ...(pos !== undefined && { pos }), query }, body);
    return follow;
  }

  /** For good. What is under way is lost. */
  close(code: number = NO_CLOSE_FRAME): void {
    // Not when it says so itself: a socket whose network is gone would take long to notice.
    this.#lose(code);
    this.#socket.close(1000);
  }

  #say(head: ClientHead, payload?: string): void {
    if (!this.#end) this.#socket.send(writeMessage(head, payload));
  }

  #hear(text: string): void {
    if (this.#end) return;
    this.#watch();
    const { head, payload } = splitMessage(text);
    let said: ServerHead;
    try {
      said = JSON.parse(head) as ServerHead;
    } catch {
      // What it was about is lost, and somebody may be waiting for it.
      return this.close(CLOSED.badMessage);
    }
    this.#take(said, payload);
  }

  #take(head: ServerHead, body: string): void {
    switch (head.type) {
      case 'ready':
        this.#limits = { maxRequests: head.max_requests, maxMessageBytes: head.max_message_bytes };
        this.isReady = true;
        return this.#ready.resolve();
      case 'answer':
        return this.#requests.get(head.id)?.resolve({ status: head.status, headers: head.headers, body });
      case 'update':
        return this.#follows.get(head.id)?.tell({ kind: 'update', pos: head.pos, body });
      case 'over':
        this.#follows.get(head.id)?.tell({ kind: 'over', answer: { status: head.status, headers: {}, body } });
        this.#follows.delete(head.id);
        return;
      case 'refused': // It is closed next, with a code that says the same.
      case 'pong':
        return;
    }
  }

  #watch(): void {
    this.#timer[Symbol.dispose]();
    this.#timer = this.#clock.after(QUIET_MS, () => this.#ask());
  }

  #ask(): void {
    this.#timer[Symbol.dispose]();
    this.#say({ type: 'ping' });
    this.#timer = this.#clock.after(PATIENCE_MS, () => this.close());
  }

  #lose(code: number): void {
    if (this.#end) return;
    const end = new LineLostError(code);
    this.#end = end;
    this.isReady = false;
    this.#timer[Symbol.dispose]();
    this.#ready.reject(end);
    for (const { reject } of this.#requests.values()) reject(end);
    for (const follow of this.#follows.values()) follow.lose(end);
    for (const go of this.#queue.splice(0)) go();
    this.#lost.resolve(end);
  }
}

type Does = Pick<Follow, 'acknowledge' | 'end'>;

class LineFollow implements Follow {
  readonly #does: Does;
  #told = Promise.withResolvers<Told>();

  constructor(does: Does) {
    this.#does = does;
    this.#told.promise.catch(() => undefined);
  }

  next(): Promise<Told> {
    return this.#told.promise;
  }

  acknowledge(pos: string): void {
    this.#told = Promise.withResolvers<Told>();
    this.#told.promise.catch(() => undefined);
    this.#does.acknowledge(pos);
  }

  end(): void {
    this.#does.end();
  }

  tell(told: Told): void {
    this.#told.resolve(told);
  }

  lose(end: LineLostError): void {
    this.#told.reject(end);
    // Also where the last was told already, and nobody has asked for the next.
    void this.#told.promise.then(
      () => (this.#told = rejected(end)),
      () => undefined,
    );
  }
}

const rejected = (end: LineLostError): PromiseWithResolvers<Told> => {
  const lost = Promise.withResolvers<Told>();
  lost.promise.catch(() => undefined);
  lost.reject(end);
  return lost;
};

/** As `fetch` rejects. */
export const reasonOf = (signal: AbortSignal | null | undefined): Error =>
  signal?.reason instanceof Error ? signal.reason : new DOMException('the request was aborted', 'AbortError');
