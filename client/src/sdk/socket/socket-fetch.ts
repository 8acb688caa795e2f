import { METHODS, WEBSOCKET } from '@holm/spec/extensions/websocket-wire';
import type { Chance } from '../../platform/chance.ts';
import { createValue, type Value } from '../../reactive/value.ts';
import { Followed } from './followed.ts';
import { type Answer, Line, LineLostError, type LineNeeds, type Wish } from './line.ts';
import { PAUSE_WITHOUT_MS, pauseAfter } from './pauses.ts';
import { type SyncWish, syncWishIn } from './sync-wish.ts';

type Fetch = typeof globalThis.fetch;

export interface SocketFetchNeeds extends LineNeeds {
  readonly baseUrl: string;
  readonly chance: Chance;
  /** For everything that does not go over the socket. */
  readonly fetch: Fetch;
}

interface Asked extends Wish {
  readonly token: string;
  readonly signal: AbortSignal | null | undefined;
}

const CLIENT = '/_matrix/client/';
const MEDIA = '/_matrix/client/v1/media/';
/** A socket that was open for so long did not fail. */
const STEADY_MS = 60_000;
/** As of a socket that never was open. */
const NO_ANSWER = 1006;
const WITHOUT_BODY = [204, 205, 304];

/**
 * A `fetch` for matrix-js-sdk that uses a WebSocket of the homeserver for all that its user asks, sync above all, and
 * HTTP wherever there is no socket, or not yet, or not any more. The SDK notices nothing but speed.
 */
export class SocketFetch implements Disposable {
  readonly #needs: SocketFetchNeeds;
  readonly #baseUrl: string;
  readonly #followed: Followed;
  readonly #isOpen = createValue(false);
  #line: Line | undefined;
  /** Of the line, or of the last attempt to have one. */
  #token: string | undefined;
  #isTrying = false;
  #isDisposed = false;
  /** Whether the server has said that it knows of sockets. */
  #isOffered = false;
  #failures = 0;
  #openedAt = Infinity;
  /** Until then, or until there is another token, none is opened. */
  #pause: Disposable | undefined;

  constructor(needs: SocketFetchNeeds) {
    this.#needs = needs;
    this.#baseUrl = needs.baseUrl.replace(/\/$/, '');
    this.#followed = new Followed(needs.clock);
  }

  /** Whether the socket is in use. */
  get isOpen(): Value<boolean> {
    return this.#isOpen;
  }

  readonly fetch: Fetch = async (input, init) => {
    const asked = this.#askedIn(input, init);
    const line = asked && this.#lineFor(asked.token);
    if (!asked || !line?.carries(asked)) return this.#needs.fetch(input, init);
    const sync = syncWishIn(asked);
    try {
      return responseOf(await this.#over(line, asked, sync));
    } catch (error) {
      if (!(error instanceof LineLostError)) throw error;
      // Nobody knows whether it was done. Whatever may be done twice is asked again.
      if (asked.method === 'POST' && !sync) throw new TypeError('the connection broke', { cause: error });
      return this.#needs.fetch(input, init);
    }
  };

  /** Tries to have a socket now, or hears soon whether the one there is still works, as when the network is back. */
  retry(): void {
    this.#endPause();
    this.#line?.check();
    if (this.#token !== undefined) this.#lineFor(this.#token);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#endPause();
    this.#line?.close();
  }

  #over(line: Line, asked: Asked, sync: SyncWish | undefined): Promise<Answer> {
    // Who wants to be answered at once, wherever that is, is not following.
    const isPatient = sync && (sync.timeoutMs > 0 || sync.pos === undefined);
    return isPatient && !this.#followed.isInUse
      ? this.#followed.answer(line, sync, asked.signal)
      : line.request(asked, asked.signal);
  }

  /** Nothing for what does not go over a socket. */
  #askedIn(input: Parameters<Fetch>[0], init: RequestInit = {}): Asked | undefined {
    const path = this.#pathIn(input);
    const method = METHODS.find((name) => name === (init.method ?? 'GET').toUpperCase());
    const token = tokenIn(init);
    const body = init.body ?? '';
    // A socket does not outlive its page.
    if (init.keepalive === true) return undefined;
    if (path === undefined || !method || token === undefined || typeof body !== 'string') return undefined;
    return { method, path, body, token, signal: init.signal };
  }

  #pathIn(input: Parameters<Fetch>[0]): string | undefined {
    const url = input instanceof Request ? '' : String(input);
    if (!url.startsWith(`${this.#baseUrl}${CLIENT}`)) return undefined;
    const path = url.slice(this.#baseUrl.length);
    return path.startsWith(MEDIA) ? undefined : path;
  }

  /** The line, if it can be used now; if there is none, one is tried for. */
  #lineFor(token: string): Line | undefined {
    if (token !== this.#token) {
      this.#token = token;
      this.#failures = 0;
      this.#endPause();
      this.#line?.close();
      this.#line = undefined;
      this.#isOpen.set(false);
    }
    if (this.#line?.isReady === true) return this.#line;
    if (!this.#isTrying && !this.#line && !this.#pause && !this.#isDisposed) void this.#try(token);
    return undefined;
  }

  async #try(token: string): Promise<void> {
    this.#isTrying = true;
    try {
      const isOffered = await this.#asksForSockets();
      if (token !== this.#token || this.#isDisposed) return;
      if (isOffered === undefined) this.#restAfter(NO_ANSWER);
      else if (isOffered) this.#open(token);
      else this.#rest(PAUSE_WITHOUT_MS);
    } finally {
      this.#isTrying = false;
    }
  }

  /** Nothing when the server does not answer: one that restarts, or a network that is not there yet. */
  async #asksForSockets(): Promise<boolean | undefined> {
    if (this.#isOffered) return true;
    const { fetch } = this.#needs;
    try {
      const response = await fetch(`${this.#baseUrl}${CLIENT}versions`);
      if (response.status >= 500) return undefined;
      const said = (await response.json()) as { unstable_features?: Record<string, unknown> };
      this.#isOffered = said.unstable_features?.[WEBSOCKET.feature] === true;
    } catch {
      return undefined;
    }
    return this.#isOffered;
  }

  #open(token: string): void {
    const line = new Line(this.#needs, { baseUrl: this.#baseUrl, token });
    this.#line = line;
    this.#openedAt = Infinity;
    line.ready.then(
      () => {
        this.#openedAt = this.#needs.clock.now();
        this.#isOpen.set(true);
      },
      () => undefined,
    );
    void line.lost.then(({ code }) => this.#lose(line, code));
  }

  #lose(line: Line, code: number): void {
    // Another token has another line.
    if (this.#line !== line) return;
    this.#line = undefined;
    this.#followed.end();
    this.#isOpen.set(false);
    if (this.#isDisposed) return;
    if (this.#needs.clock.now() - this.#openedAt > STEADY_MS) this.#failures = 0;
    this.#restAfter(code);
  }

  #restAfter(code: number): void {
    const ms = pauseAfter(code, this.#failures++, this.#needs.chance());
    if (ms === undefined) this.#pause = FOR_EVER;
    else this.#rest(ms);
  }

  #rest(ms: number): void {
    this.#pause = this.#needs.clock.after(ms, () => this.retry());
  }

  #endPause(): void {
    this.#pause?.[Symbol.dispose]();
    this.#pause = undefined;
  }
}

/** Until there is another token. */
const FOR_EVER: Disposable = { [Symbol.dispose]: () => undefined };

const tokenIn = ({ headers }: RequestInit): string | undefined =>
  /^Bearer (\S+)$/.exec(new Headers(headers).get('authorization') ?? '')?.[1];

const responseOf = ({ status, headers, body }: Answer): Response =>
  new Response(WITHOUT_BODY.includes(status) ? null : body, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
