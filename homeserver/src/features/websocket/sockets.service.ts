import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { CLOSED, WEBSOCKET } from '@holm/spec/extensions/websocket-wire';
import type { CallOrigin } from '../../http/authenticate.ts';
import type { RateLimits } from '../../http/rate-limit.ts';
import type { Caller } from '../../http/route.ts';
import { refuseUpgrade, type Upgrade, type UpgradeRoute } from '../../http/upgrade.ts';
import { type WebSocket, webSockets } from '../../http/web-sockets.ts';
import { networkOf } from '../../platform/address.ts';
import type { Clock } from '../../platform/clock.ts';
import { Groups } from '../../platform/groups.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { SteadyClock } from '../../platform/steady-clock.ts';
import type { SessionsEnded } from '../accounts/index.ts';
import type { Following } from '../sync/index.ts';
import { Peer, type PeerDeps } from './peer.service.ts';
import { type CloseReason, socketTelemetry, type SocketTelemetry } from './telemetry.ts';

export interface SocketSettings {
  readonly max_sockets: number;
  readonly max_sockets_per_user: number;
  readonly max_sockets_per_address: number;
  readonly max_requests: number;
  readonly auth_timeout_ms: number;
  readonly ping_interval_ms: number;
  readonly slow_client_ms: number;
  readonly compress_from_bytes: number;
  readonly allowed_origins: readonly string[];
}

export interface SocketsDeps {
  readonly following: Following;
  readonly authenticate: (token: string, origin: CallOrigin) => Promise<Caller>;
  /** Those of these tokens that are in use, whoever has ended the others. */
  readonly tokensInUse: (tokenIds: readonly number[]) => Promise<ReadonlySet<number>>;
  readonly rateLimits: RateLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly settings: SocketSettings;
  /** Of a request over HTTP. */
  readonly maxBodyBytes: number;
}

/** How often each socket is looked at. Deadlines are kept to within this. */
const LOOK_EVERY_MS = 2_500;
const COME_AGAIN_SECONDS = 60;
/** What a request over HTTP would say about where it comes from. */
const ORIGIN_HEADERS = ['user-agent', 'x-forwarded-for', 'forwarded', 'via'] as const;

/** Tells how much it has carried. */
type Wire = Pick<Socket, 'bytesRead' | 'bytesWritten'>;

/** What is known of a socket beside what it does. */
interface Entry {
  readonly peer: Peer;
  readonly network: string;
  readonly wire: Wire;
  read: number;
  written: number;
}

/** All WebSockets of clients: lets them in, within limits, and sees them out. */
export class Sockets implements UpgradeRoute {
  readonly resource = 'client';
  readonly #deps: SocketsDeps;
  readonly #peerDeps: PeerDeps;
  readonly #open = new Map<Peer, Entry>();
  readonly #byNetwork = new Map<string, number>();
  readonly #byUser = new Groups<UserId, Peer>();
  readonly #accept: ReturnType<typeof webSockets>;
  readonly #telemetry: SocketTelemetry;
  readonly #stopped = new AbortController();

  constructor(others: SocketsDeps) {
    // All that is asked of it is for how long somebody has been silent.
    const deps = { ...others, clock: new SteadyClock(others.clock) };
    this.#deps = deps;
    const { settings } = deps;
    const maxMessageBytes = deps.maxBodyBytes + WEBSOCKET.maxHeadLength;
    this.#accept = webSockets({
      protocol: WEBSOCKET.protocol,
      maxMessageBytes,
      compressFromBytes: settings.compress_from_bytes,
    });
    this.#telemetry = socketTelemetry(deps.metrics, () => this.#open.size);
    this.#peerDeps = {
      ...deps,
      settings: { maxMessageBytes, maxRequests: settings.max_requests, pingIntervalMs: settings.ping_interval_ms },
      admit: (peer, token) => this.#admit(peer, token),
      takeTurn: ({ userId }) => deps.rateLimits.take('other', userId),
    };
  }

  isIts(path: string): boolean {
    return path === WEBSOCKET.path;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Looks after them until the server stops. */
  async watch(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#stopped.signal.aborted) {
      const before = clock.now();
      await clock.sleep(LOOK_EVERY_MS, this.#stopped.signal);
      // Where the process itself was held up, what clients have said meanwhile is still to be read.
      if (clock.now() - before < 2 * LOOK_EVERY_MS) this.#look();
    }
  }

  take(upgrade: Upgrade): void {
    const network = networkOf(upgrade.address);
    const refusal = this.#refusal(upgrade, network);
    if (refusal === undefined) return this.#accept(upgrade, (socket) => this.#enter(socket, upgrade, network));
    this.#telemetry.closed(refusal);
    if (refusal === 'origin') {
      const error = new MatrixError('M_FORBIDDEN', 'pages of this origin are not let in');
      return refuseUpgrade(upgrade.socket, 403, { error });
    }
    const error = new MatrixError('M_LIMIT_EXCEEDED', 'too many sockets are open');
    const status = refusal === 'too many of the address' ? 429 : 503;
    refuseUpgrade(upgrade.socket, status, { error, retryAfterSeconds: COME_AGAIN_SECONDS });
  }

  /** Their sessions have ended: so do they, when the request that asked for it has been answered. */
  end({ userId, tokenIds }: Pick<SessionsEnded, 'userId' | 'tokenIds'>): void {
    for (const peer of this.#byUser.of(userId)) {
      const { caller } = peer;
      if (caller && tokenIds.includes(caller.tokenId)) {
        peer.leave('session over', CLOSED.sessionOver, 'M_UNKNOWN_TOKEN');
      }
    }
  }

  /** Finds sessions that another process has ended: with one query, however many sockets there are. */
  async confirm(): Promise<void> {
    const peers = [...this.#open.keys()].filter((peer) => peer.caller !== undefined);
    if (peers.length === 0) return;
    const inUse = await this.#deps.tokensInUse(peers.flatMap(({ caller }) => caller?.tokenId ?? []));
    for (const peer of peers) {
      const { caller, token = '' } = peer;
      if (!caller || inUse.has(caller.tokenId)) continue;
      await this.#deps.authenticate(token, this.#originOf(peer)).catch((error: unknown) => {
        if (error instanceof MatrixError) peer.refuse(error);
        else throw error;
      });
    }
  }

  drain(): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    for (const peer of this.#open.keys()) peer.leave('stopping', GOING_AWAY, 'restarting');
  }

  #look(): void {
    const { clock, settings } = this.#deps;
    const now = clock.now();
    const limits = { authTimeoutMs: settings.auth_timeout_ms, slowMs: settings.slow_client_ms };
    for (const entry of this.#open.values()) {
      entry.peer.look(now, limits);
      this.#count(entry);
    }
  }

  #refusal({ request }: Upgrade, network: string): CloseReason | undefined {
    const { settings } = this.#deps;
    const { origin } = request.headers;
    const { allowed_origins: allowed } = settings;
    if (origin !== undefined && allowed.length > 0 && !allowed.includes(origin)) return 'origin';
    if (this.#stopped.signal.aborted) return 'stopping';
    if (this.#open.size >= settings.max_sockets) return 'too many';
    const isFull = (this.#byNetwork.get(network) ?? 0) >= settings.max_sockets_per_address;
    return isFull ? 'too many of the address' : undefined;
  }

  #enter(socket: WebSocket, { request, serve, address }: Upgrade, network: string): void {
    const { socket: wire } = request;
    const { remoteAddress } = wire;
    // The request itself is not to be kept, which a closure here would do.
    const origin = { serve, address, remoteAddress, headers: originHeaders(request) };
    const peer = new Peer(socket, origin, this.#peerDeps);
    const entry: Entry = { peer, network, wire, read: 0, written: 0 };
    this.#open.set(peer, entry);
    this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? 0) + 1);
    socket.once('close', (code) => this.#leave(entry, code));
  }

  #leave(entry: Entry, code: number): void {
    const { peer, network } = entry;
    peer.ended();
    this.#count(entry);
    this.#open.delete(peer);
    const others = (this.#byNetwork.get(network) ?? 1) - 1;
    if (others > 0) this.#byNetwork.set(network, others);
    else this.#byNetwork.delete(network);
    this.#forget(peer);
    const reason = peer.closing ?? (code === BROKEN ? 'broken' : 'client');
    this.#telemetry.closed(reason);
    this.#deps.log.debug('socket closed', { reason, code });
  }

  async #admit(peer: Peer, token: string): Promise<Caller> {
    const { authenticate, settings } = this.#deps;
    const caller = await authenticate(token, this.#originOf(peer));
    // It may have gone while this was looked up.
    if (!this.#open.has(peer)) return caller;
    const others = this.#byUser.sizeOf(caller.userId);
    if (others >= settings.max_sockets_per_user) {
      throw new MatrixError('M_LIMIT_EXCEEDED', `${others} sockets of this user are open`, {
        extra: { retry_after_ms: COME_AGAIN_SECONDS * 1000 },
      });
    }
    this.#byUser.add(caller.userId, peer);
    peer.caller = caller;
    return caller;
  }

  #forget(peer: Peer): void {
    const { caller } = peer;
    if (caller) this.#byUser.delete(caller.userId, peer);
  }

  #originOf({ origin: { address, headers } }: Peer): CallOrigin {
    return { address, userAgent: headers['user-agent'] ?? '' };
  }

  #count(entry: Entry): void {
    const { bytesRead, bytesWritten } = entry.wire;
    // A socket that is torn down takes back what it had still to write.
    this.#telemetry.moved(Math.max(0, bytesRead - entry.read), Math.max(0, bytesWritten - entry.written));
    entry.read = bytesRead;
    entry.written = bytesWritten;
  }
}

const originHeaders = ({ headers }: IncomingMessage): Record<string, string> => {
  const told: Record<string, string> = {};
  for (const name of ORIGIN_HEADERS) if (headers[name] !== undefined) told[name] = String(headers[name]);
  return told;
};

/** No close frame came. */
const BROKEN = 1006;
const GOING_AWAY = 1001;
