import { MatrixError } from '@holm/spec/errors';
import { type ClientHead, clientHeads, type ServerHead } from '@holm/spec/extensions/websocket';
import { CLOSED, splitMessage, WEBSOCKET, writeMessage } from '@holm/spec/extensions/websocket-wire';
import { knownError } from '../../http/respond.ts';
import { lenientChecker } from '../../http/parse.ts';
import type { Caller } from '../../http/route.ts';
import type { WebSocket } from '../../http/web-sockets.ts';
import { type FollowHead, Follows, type FollowsDeps } from './follows.service.ts';
import { Outgoing } from './outgoing.service.ts';
import { type RequestHead, type RequestOrigin, Requests } from './requests.service.ts';
import type { CloseReason } from './telemetry.ts';

export interface PeerSettings {
  readonly maxMessageBytes: number;
  readonly maxRequests: number;
  readonly pingIntervalMs: number;
}

export interface PeerDeps extends FollowsDeps {
  readonly settings: PeerSettings;
  /** Finds out whose it is. M_UNKNOWN_TOKEN, or M_LIMIT_EXCEEDED for one socket too many of a user. */
  readonly admit: (peer: Peer, token: string) => Promise<Caller>;
}

/** Of a close frame, in bytes; what we say is ASCII. */
const MAX_REASON = 120;
const INTERNAL_ERROR = 1011;
/** How long requests that are under way have to end before it is closed. */
const LEAVE_MS = 2_000;
const CHECKS = new Map(
  Object.entries(clientHeads).map(([type, schema]) => [type, lenientChecker(schema, 'M_BAD_JSON')]),
);

/** What there is once it is known who is there. */
interface Session {
  readonly requests: Requests;
  readonly follows: Follows;
}

/** Why a socket is closed: as it is counted, the code of the close frame, and its reason. */
type Closing = readonly [reason: CloseReason, code: number, why?: string];

/** One socket of a client. */
export class Peer {
  readonly openedAt: number;
  readonly origin: RequestOrigin;
  readonly #deps: PeerDeps;
  readonly #socket: WebSocket;
  readonly #outgoing: Outgoing;
  /** Whom it belongs to, once that is known, and what they have said. */
  caller: Caller | undefined;
  token: string | undefined;
  #session: Session | undefined;
  /** What came before it was known from whom. */
  #early: string[] | undefined;
  #isHeard = true;
  #pingedAt: number;
  /** How it is closed once its requests are over, and what ends the wait for them. */
  #leaving: { readonly closing: Closing; readonly left: AbortController } | undefined;
  /** Why it is being closed by us. */
  closing: CloseReason | undefined;

  constructor(socket: WebSocket, origin: RequestOrigin, deps: PeerDeps) {
    this.#socket = socket;
    this.origin = origin;
    this.#deps = deps;
    this.#outgoing = new Outgoing(socket, deps.clock);
    this.openedAt = this.#pingedAt = deps.clock.now();
    socket.on('message', (data: Buffer, isBinary) => {
      this.#isHeard = true;
      if (isBinary) this.close('bad message', CLOSED.badMessage, 'messages are text');
      else this.#hear(data.toString());
    });
    const heard = () => (this.#isHeard = true);
    socket.on('pong', heard).on('ping', heard);
    // What follows is always 'close'.
    socket.on('error', () => undefined);
  }

  /** Ends all that it has under way, and says why. A socket that does not answer is torn down soon. */
  close(...[reason, code, why = '']: Closing): void {
    this.closing ??= reason;
    this.ended();
    this.#socket.resume();
    this.#socket.close(code, why);
  }

  /** Nobody is there any more. */
  ended(): void {
    this.#leaving?.left.abort();
    this.#session?.requests.cancelAll();
    this.#session?.follows.endAll();
  }

  /** Takes no more, lets requests come to their end, within a time, and closes. */
  leave(...closing: Closing): void {
    if (this.closing || this.#leaving) return;
    if (!this.#session || this.#session.requests.isIdle) return this.close(...closing);
    this.#session.follows.endAll();
    this.#socket.pause();
    const left = new AbortController();
    this.#leaving = { closing, left };
    void this.#deps.clock.sleep(LEAVE_MS, left.signal).then(() => {
      if (!left.signal.aborted) this.close(...closing);
    });
  }

  /** Called now and then: pings, and hangs up on who is gone or does not keep up. */
  look(now: number, { authTimeoutMs, slowMs }: { readonly authTimeoutMs: number; readonly slowMs: number }): void {
    if (this.closing) return;
    if (!this.caller && now - this.openedAt >= authTimeoutMs) {
      return this.close('not authenticated', CLOSED.notAuthenticated, 'nobody said who this is');
    }
    const behindMs = Math.max(this.#outgoing.stuckMs(now), this.#session?.follows.unacknowledgedMs(now) ?? 0);
    if (behindMs >= slowMs) return this.close('too slow', CLOSED.tooSlow, 'too slow');
    if (now - this.#pingedAt < this.#deps.settings.pingIntervalMs) return;
    this.#pingedAt = now;
    // While it is held back, nothing is heard of it; then what counts is whether it reads.
    if (!this.#isHeard && !this.#socket.isPaused) {
      this.closing = 'gone';
      return this.#socket.terminate();
    }
    this.#isHeard = false;
    this.#socket.ping();
  }

  #hear(text: string): void {
    if (this.closing || this.#leaving) return;
    if (this.#early) return void this.#early.push(text);
    const { head: first, payload } = splitMessage(text);
    const head = headIn(first);
    if (typeof head === 'string') return this.close('bad message', CLOSED.badMessage, head);
    const wrong = this.#session ? this.#obey(this.#session, head, payload) : this.#greet(head);
    if (wrong !== undefined) this.close('bad message', CLOSED.badMessage, wrong);
  }

  #greet(head: ClientHead): string | undefined {
    if (head.type !== 'auth') return 'the first message has to be auth';
    this.#early = [];
    // Nothing more is to be read, but what has been read already may hold more messages.
    this.#socket.pause();
    void this.#admit(head.access_token);
    return undefined;
  }

  async #admit(token: string): Promise<void> {
    try {
      const caller = await this.#deps.admit(this, token);
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      this.#open(caller, token);
    } catch (error) {
      const told = knownError(error) ?? new MatrixError('M_UNKNOWN', 'internal server error');
      if (!knownError(error)) this.#deps.log.error('a socket could not be admitted', { err: error });
      void this.#say({ type: 'refused', status: told.status }, JSON.stringify(told));
      this.refuse(told);
    }
  }

  /** Closes it for what its token, or one socket more, was refused for. */
  refuse({ errcode, status, extra }: MatrixError): void {
    if (status === 429) return this.close('too many of the user', CLOSED.tooMany, errcode);
    if (status >= 500) return this.close('failure', INTERNAL_ERROR, errcode);
    this.close('session over', extra['soft_logout'] === true ? CLOSED.softLogout : CLOSED.sessionOver, errcode);
  }

  #open(caller: Caller, token: string): void {
    const { settings } = this.#deps;
    const say = (head: ServerHead, payload?: string) => this.#say(head, payload);
    this.token = token;
    this.#session = {
      requests: new Requests(this.origin, token, { say, most: settings.maxRequests }),
      follows: new Follows(this.#deps, caller, say),
    };
    void this.#say({
      type: 'ready',
      user_id: caller.userId,
      device_id: caller.deviceId,
      max_message_bytes: settings.maxMessageBytes,
      max_requests: settings.maxRequests,
      max_follows: WEBSOCKET.maxFollows,
      ping_interval_ms: settings.pingIntervalMs,
    });
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#socket.resume();
    for (const text of early) this.#hear(text);
  }

  /** What was wrong with it, if anything was. */
  #obey(session: Session, head: ClientHead, payload: string): string | undefined {
    const { requests, follows } = session;
    switch (head.type) {
      case 'auth':
        return 'auth comes once';
      case 'request':
      case 'follow':
        return this.#begin(session, head, payload);
      case 'ack':
        return follows.acknowledge(head.id, head.pos) ? undefined : 'this was not what was told last';
      case 'cancel':
        requests.cancel(head.id);
        return undefined;
      case 'unfollow':
        follows.end(head.id);
        return undefined;
      case 'ping':
        void this.#say({ type: 'pong' });
        return undefined;
    }
  }

  #begin({ requests, follows }: Session, head: RequestHead | FollowHead, payload: string): string | undefined {
    if (requests.has(head.id) || follows.has(head.id)) return `the id ${head.id} is in use`;
    void (head.type === 'request' ? this.#ask(requests, head, payload) : follows.begin(head, payload));
    return undefined;
  }

  async #ask(requests: Requests, head: RequestHead, payload: string): Promise<void> {
    await requests.ask(head, payload);
    if (this.#leaving && requests.isIdle) this.close(...this.#leaving.closing);
  }

  #say(head: ServerHead, payload?: string): Promise<void> {
    return this.#outgoing.say(writeMessage(head, payload));
  }
}

/** The head, or what is wrong with it. */
const headIn = (text: string): ClientHead | string => {
  if (text.length > WEBSOCKET.maxHeadLength) return 'the first line is too long';
  try {
    const head = JSON.parse(text) as { readonly type?: unknown } | null;
    const check = CHECKS.get(String(head?.type));
    return check ? check(head) : 'no type of message that is known';
  } catch (error) {
    return error instanceof MatrixError ? error.message.slice(0, MAX_REASON) : 'the first line is not JSON';
  }
};
