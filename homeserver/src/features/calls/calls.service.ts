import type { ServerConfig } from '../../config/schema.ts';
import { type Accepted, admittedSockets, type SocketRefusal, type SocketRequest } from '../../http/admitted-sockets.ts';
import type { UpgradeRoute } from '../../http/upgrade.ts';
import { Background } from '../../platform/background.ts';
import { breathe } from '../../platform/breathe.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import { Lazy } from '../../platform/lazy.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { Door, NO_WORKER } from './livekit/door.ts';
import type { IceServer } from './livekit/greetings.ts';
import type { Session } from './livekit/session.ts';
import { type MediaAddresses, listenInfos } from './media/addresses.ts';
import { portOf, tryPorts } from './media/ports.ts';
import { mediaWorkerStatus } from './media-worker.ts';
import type { Switchboard } from './switchboard.service.ts';
import { callTelemetry } from './telemetry.ts';
import { type CallGrant, type CallMember, CallTokens } from './tokens.ts';

export interface CallsDeps {
  readonly config: ServerConfig['calls'];
  readonly serverName: string;
  readonly secret: Buffer;
  /** Where the launcher of the workers is written to. */
  readonly folder: string;
  /** How many cores there are. */
  readonly cores: number;
  readonly addresses: () => Promise<MediaAddresses>;
  /** Whether somebody may be in a call now: asked whenever they connect, and every few minutes. */
  readonly admits: (grant: CallGrant) => Promise<boolean>;
  readonly mayTry: (key: string) => void;
  /** Which relays (TURN) somebody may use on their way here. */
  readonly relaysFor: (member: CallMember) => readonly IceServer[];
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Where clients reach the signalling, below the address of this server. They add `/rtc` themselves. */
export const SIGNALLING_PATH = '/livekit/sfu';

/** A session description of as many sections as may be, and then some. */
const MAX_FRAME_BYTES = 1_048_576;
const LOOK_AGAIN_MS = 5_000;
const LOOK_AT_PORTS_AGAIN_MS = 60_000;

/**
 * Calls, and the door to them. What carries them is loaded, and its media workers are started, when somebody asks for a
 * token and so is about to call: most servers carry no call most of the time, and all of that takes 60 MB.
 */
export class Calls {
  readonly tokens: CallTokens;
  readonly door: Door;
  /** The signalling. */
  readonly sockets: UpgradeRoute;
  readonly #deps: CallsDeps;
  readonly #log: Log;
  readonly #telemetry: ReturnType<typeof callTelemetry>;
  readonly #stopped = new AbortController();
  /** Of its own: what goes on as long as a call does must not be waited for. */
  readonly #background: Background;
  readonly #switchboard = new Lazy(() => this.#start());
  /** The same, once it is there. */
  #board: Switchboard | undefined;
  #problem: string | undefined = 'it is not known yet whether there can be calls';

  constructor(deps: CallsDeps) {
    this.#deps = deps;
    this.#log = deps.log.with({ area: 'calls' });
    this.#background = new Background(this.#log);
    this.tokens = new CallTokens(deps);
    this.#telemetry = callTelemetry(deps.metrics, {
      calls: () => this.#board?.calls ?? 0,
      participants: () => this.participants,
      workers: () => this.#board?.workers.size ?? 0,
      streams: () => this.#board?.workers.streams ?? 0,
      pipes: () => this.#board?.workers.pipes ?? 0,
      workerDeaths: () => this.#board?.workers.deaths ?? 0,
    });
    this.door = new Door({ ...deps, ...this.#telemetry, tokens: this.tokens });
    this.sockets = admittedSockets({
      resource: 'client',
      path: `${SIGNALLING_PATH}/rtc`,
      maxMessageBytes: MAX_FRAME_BYTES,
      accept: (request) => this.#accept(request),
      log: this.#log,
    });
  }

  get participants(): number {
    return this.#board?.participants ?? 0;
  }

  /** Which processes the workers are. */
  get workerPids(): readonly number[] {
    return this.#board?.workers.pids ?? [];
  }

  /** Why there can be no calls now. */
  get problem(): string | undefined {
    return this.#board?.workers.size === 0 ? 'no media worker runs' : this.#problem;
  }

  /** Who is in calls, once for each participant. */
  *members(): Iterable<CallMember> {
    for (const { grant } of this.sessions()) yield grant.member;
  }

  /** The same, with all that is known of them. */
  sessions(): Iterable<Session> {
    return this.#board?.gateway.sessions() ?? [];
  }

  /** Whether such a member is in a call, or may yet come back to it. */
  isIn(call: string, who: (member: CallMember) => boolean): boolean {
    return this.#board?.gateway.isIn(call, who) ?? false;
  }

  /** Sends away, at once, everybody for whom this holds: those who may not be in a call any more. */
  close(where: (member: CallMember) => boolean): number {
    return this.#board?.gateway.close(where) ?? 0;
  }

  /** Sees whether there can be calls, now or when there is a program for them. Nothing else waits for it. */
  start(): void {
    this.#background.run('see whether there can be calls', () => this.#look());
  }

  async #look(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#stopped.signal.aborted) {
      const status = mediaWorkerStatus(this.#deps.config.worker);
      if (status.state === 'ready' && (await this.#canListen())) return;
      if (status.state === 'building') this.#problem = 'the media worker is being built';
      if (status.state === 'unavailable') this.#problem = status.why;
      this.#log.debug('no calls yet', { problem: this.#problem });
      await clock.sleep(status.state === 'ready' ? LOOK_AT_PORTS_AGAIN_MS : LOOK_AGAIN_MS, this.#stopped.signal);
    }
  }

  async #canListen(): Promise<boolean> {
    const { config, addresses } = this.#deps;
    const workers = this.#size;
    try {
      const bound = await addresses();
      for (let index = 0; index < workers; index++) await tryPorts(listenInfos(bound, portOf(config, index)));
      this.#problem = undefined;
      this.#log.info('calls are on', { workers, port: config.port, ...bound });
      return true;
    } catch (err) {
      this.#cannotStart(err);
      return false;
    }
  }

  /** Said once. */
  #cannotStart(err: unknown): void {
    if (this.#problem !== CANNOT_START) this.#log.error('the media workers cannot start', { err });
    this.#problem = CANNOT_START;
  }

  get #size(): number {
    const { config, cores } = this.#deps;
    return config.workers === 0 ? cores : config.workers;
  }

  /** Somebody is about to call. */
  expect(): void {
    this.#background.run('get ready for a call', () => this.open());
  }

  /** Resolves to what carries calls, as soon as that is there; to nothing where it cannot be. */
  async open(): Promise<Switchboard | undefined> {
    if (this.#board) return this.#board;
    const { state } = mediaWorkerStatus(this.#deps.config.worker);
    if (state !== 'ready' || this.#stopped.signal.aborted) return undefined;
    return this.#switchboard.get().catch((err: unknown) => {
      this.#cannotStart(err);
      return undefined;
    });
  }

  async #start(): Promise<Switchboard> {
    const { config, folder, addresses } = this.#deps;
    const Switchboard = await loadSwitchboard();
    const status = mediaWorkerStatus(config.worker);
    if (status.state !== 'ready') throw new Error('the program of the media worker is gone');
    const board = await Switchboard.open(
      {
        ...this.#deps,
        ...this.#telemetry,
        log: this.#log,
        tokens: this.tokens,
        door: this.door,
        background: this.#background,
      },
      { worker: status.path, folder, size: this.#size, bound: await addresses() },
    );
    this.#problem = undefined;
    this.#board = board;
    return board;
  }

  async #accept(request: SocketRequest): Promise<Accepted | SocketRefusal> {
    const admitted = await this.door.admit(request);
    if ('status' in admitted) return admitted;
    const board = await this.open();
    return board ? board.gateway.accept(admitted, request.query) : this.door.refuse('no worker', 503, NO_WORKER);
  }

  /** Tells everybody to come again, and ends the workers. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    // That it could not start has been logged by `open`, the only one who makes it.
    const board = await this.#switchboard.ifMade?.catch(() => undefined);
    board?.closeAll();
    await this.#background.idle();
    await board?.stop();
  }
}

const CANNOT_START = 'the media workers do not start; the log says why';

/** In parts: each takes some tens of milliseconds, in which nothing else runs. */
const loadSwitchboard = async () => {
  await import('@livekit/protocol');
  await breathe();
  await import('mediasoup/ortc');
  await breathe();
  await import('mediasoup');
  await breathe();
  return (await import('./switchboard.service.ts')).Switchboard;
};
