import { version } from 'mediasoup';
import type { ServerConfig } from '../../config/schema.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Entropy } from '../../platform/entropy.ts';
import type { Log } from '../../platform/log.ts';
import type { Admission, Door } from './livekit/door.ts';
import { Encoder } from './livekit/encoder.ts';
import { Gateway } from './livekit/gateway.ts';
import type { IceServer } from './livekit/greetings.ts';
import { CHANNELS } from './livekit/messages.ts';
import type { Refused } from './livekit/requests.ts';
import { type MediaAddresses, listenInfos } from './media/addresses.ts';
import { writeLauncher } from './media/launcher.ts';
import { WorkerPool } from './media/pool.ts';
import { portOf } from './media/ports.ts';
import { CallRooms } from './sfu/call-rooms.ts';
import type { CallGrant, CallMember, CallTokens } from './tokens.ts';

export interface SwitchboardDeps {
  readonly config: ServerConfig['calls'];
  readonly serverName: string;
  readonly tokens: CallTokens;
  readonly door: Door;
  readonly admits: (grant: CallGrant) => Promise<boolean>;
  readonly relaysFor: (member: CallMember) => readonly IceServer[];
  readonly asked: (outcome: Admission) => void;
  readonly refused: (what: Refused) => void;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly background: Background;
  readonly log: Log;
}

/** What the media workers are started with. */
export interface WorkerSettings {
  /** The program of the worker, and where its launcher is written to. */
  readonly worker: string;
  readonly folder: string;
  readonly size: number;
  readonly bound: MediaAddresses;
}

/** All that carries a call: the media workers, the rooms on them, and LiveKit's protocol. Loaded when somebody is about to call. */
export class Switchboard {
  readonly gateway: Gateway;
  readonly #rooms: CallRooms;
  readonly #pool: WorkerPool;

  private constructor(deps: SwitchboardDeps, pool: WorkerPool) {
    const { config, tokens } = deps;
    this.#pool = pool;
    this.#rooms = new CallRooms({
      ...deps,
      channels: CHANNELS,
      sending: {
        participantBitrate: config.limits.incoming_kbit * 1_000,
        trackBitrate: config.limits.track_kbit * 1_000,
      },
      openMedia: (besides) => pool.openCall(besides),
    });
    this.gateway = new Gateway({
      ...deps,
      rooms: this.#rooms,
      encoder: new Encoder(),
      mint: (grant) => tokens.mint(grant),
      maxTracks: config.limits.tracks,
      limits: {
        participants: config.limits.participants,
        participantsOfUser: config.limits.participants_of_user,
        participantsOfOtherServer: config.limits.participants_of_other_server,
      },
    });
  }

  /** Starts all workers, or throws. */
  static async open(deps: SwitchboardDeps, { worker, folder, size, bound }: WorkerSettings): Promise<Switchboard> {
    const { clock, config, log } = deps;
    const pool = new WorkerPool({
      clock,
      log,
      size,
      program: await writeLauncher(folder, worker, version),
      capacity: config.limits.streams_per_worker,
      listenInfos: (index) => listenInfos(bound, portOf(config, index)),
    });
    await pool.start();
    return new Switchboard(deps, pool);
  }

  get calls(): number {
    return this.#rooms.size;
  }

  get participants(): number {
    return [...this.#rooms.all].reduce((sum, { participants }) => sum + participants.size, 0);
  }

  get workers(): Pick<WorkerPool, 'size' | 'deaths' | 'streams' | 'pipes' | 'pids'> {
    return this.#pool;
  }

  /** Tells everybody to come again. */
  closeAll(): void {
    this.#rooms.closeAll();
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }
}
