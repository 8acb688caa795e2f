import { version } from 'mediasoup';
import type { ServerConfig } from '../../config/schema.ts';
import { admittedSockets } from '../../http/admitted-sockets.ts';
import type { UpgradeRoute } from '../../http/upgrade.ts';
import { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { Encoder } from './livekit/encoder.ts';
import { Gateway } from './livekit/gateway.ts';
import type { IceServer } from './livekit/greetings.ts';
import { CHANNELS } from './livekit/messages.ts';
import { type MediaAddresses, listenInfos } from './media/addresses.ts';
import { writeLauncher } from './media/launcher.ts';
import { WorkerPool } from './media/pool.ts';
import { mediaWorkerStatus } from './media-worker.ts';
import { CallRooms } from './sfu/call-rooms.ts';
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
/** After a start that failed, for instance because a port is taken. */
const START_AGAIN_MS = 60_000;

/** Calls: media workers, the rooms on them, and the door by which LiveKit's clients come in. */
export class Calls {
  readonly tokens: CallTokens;
  readonly gateway: Gateway;
  /** The signalling. */
  readonly sockets: UpgradeRoute;
  readonly #deps: CallsDeps;
  readonly #rooms: CallRooms;
  readonly #stopped = new AbortController();
  /** Of its own: what goes on as long as a call does must not be waited for. */
  readonly #background: Background;
  #pool: WorkerPool | undefined;
  #problem = 'the media workers are being started';

  constructor(deps: CallsDeps) {
    this.#deps = deps;
    const { clock, entropy, config, metrics } = deps;
    const log = deps.log.with({ area: 'calls' });
    this.#background = new Background(log);
    this.tokens = new CallTokens(deps);
    this.#rooms = new CallRooms({
      clock,
      entropy,
      background: this.#background,
      channels: CHANNELS,
      sending: {
        participantBitrate: config.limits.incoming_kbit * 1_000,
        trackBitrate: config.limits.track_kbit * 1_000,
      },
      openMedia: async (besides) => (await this.#pool?.openCall(besides)) ?? 'no worker',
    });
    const telemetry = callTelemetry(metrics, {
      calls: () => this.#rooms.size,
      participants: () => this.participants,
      workers: () => this.#pool?.size ?? 0,
      streams: () => this.#pool?.streams ?? 0,
      pipes: () => this.#pool?.pipes ?? 0,
      workerDeaths: () => this.#pool?.deaths ?? 0,
    });
    this.gateway = new Gateway({
      ...deps,
      ...telemetry,
      log,
      tokens: this.tokens,
      rooms: this.#rooms,
      encoder: new Encoder(),
      mint: (grant) => this.tokens.mint(grant),
      maxTracks: config.limits.tracks,
      limits: {
        participants: config.limits.participants,
        participantsOfUser: config.limits.participants_of_user,
        participantsOfOtherServer: config.limits.participants_of_other_server,
      },
    });
    this.sockets = admittedSockets({
      resource: 'client',
      path: `${SIGNALLING_PATH}/rtc`,
      maxMessageBytes: MAX_FRAME_BYTES,
      accept: (request) => this.gateway.accept(request),
      log,
    });
  }

  get participants(): number {
    return [...this.#rooms.all].reduce((sum, { participants }) => sum + participants.size, 0);
  }

  /** Which processes the workers are. */
  get workerPids(): readonly number[] {
    return this.#pool?.pids ?? [];
  }

  /** Why there can be no calls now. */
  get problem(): string | undefined {
    return (this.#pool?.size ?? 0) > 0 ? undefined : this.#problem;
  }

  /** Who is in calls, once for each participant. */
  *members(): Iterable<CallMember> {
    for (const { grant } of this.gateway.sessions()) yield grant.member;
  }

  /** Whether such a member is in a call, or may yet come back to it. */
  isIn(call: string, who: (member: CallMember) => boolean): boolean {
    return this.gateway.isIn(call, who);
  }

  /** Sends away, at once, everybody for whom this holds: those who may not be in a call any more. */
  close(where: (member: CallMember) => boolean): number {
    return this.gateway.close(where);
  }

  /** Starts the workers, now or when there is a program for them. Nothing else waits for it. */
  start(): void {
    this.#background.run('start media workers', () => this.#startWorkers());
  }

  async #startWorkers(): Promise<void> {
    const { clock, config, log } = this.#deps;
    while (!this.#stopped.signal.aborted) {
      const status = mediaWorkerStatus(config.worker);
      if (status.state === 'ready' && (await this.#tryToStart(status.path))) return;
      if (status.state === 'building') this.#problem = 'the media worker is being built';
      if (status.state === 'unavailable') this.#problem = status.why;
      log.debug('no media workers yet', { problem: this.#problem });
      await clock.sleep(status.state === 'ready' ? START_AGAIN_MS : LOOK_AGAIN_MS, this.#stopped.signal);
    }
  }

  async #tryToStart(worker: string): Promise<boolean> {
    const { clock, config, cores, folder, addresses, log } = this.#deps;
    const size = config.workers === 0 ? cores : config.workers;
    try {
      const bound = await addresses();
      const pool = new WorkerPool({
        clock,
        log,
        size,
        program: await writeLauncher(folder, worker, version),
        capacity: config.limits.streams_per_worker,
        listenInfos: (index) => listenInfos(bound, config.port === 0 ? 0 : config.port + index),
      });
      await pool.start();
      this.#pool = pool;
      log.info('calls are on', { workers: size, port: config.port, ...bound });
      return true;
    } catch (err) {
      if (this.#problem !== CANNOT_START) log.error('the media workers do not start', { err });
      this.#problem = CANNOT_START;
      return false;
    }
  }

  /** Tells everybody to come again, and ends the workers. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#rooms.closeAll();
    await this.#background.idle();
    await this.#pool?.stop();
  }
}

const CANNOT_START = 'the media workers do not start; the log says why';
