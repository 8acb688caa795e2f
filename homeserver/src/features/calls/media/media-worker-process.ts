import { createWorker } from 'mediasoup';
import type { Router, Transport, TransportListenInfo, WebRtcServer, Worker } from 'mediasoup/types';
import { MEDIA_CODECS } from './codecs.ts';

/** A router for one call, and the ports that its transports use. */
export interface CallMedia {
  readonly router: Router;
  readonly ports: WebRtcServer;
  /** Which worker it is on. */
  readonly workerPid: number;
  /** The worker has as many people as it should: others had better go to another one. */
  readonly isCrowded: () => boolean;
  /** The worker sends as many streams as it can. */
  readonly isFull: () => boolean;
  /** It sends far more than it should: those who were let in have begun to send more than was to be expected. */
  readonly isOverloaded: () => boolean;
  readonly isLost: () => boolean;
  /** Called once when the worker has died: everything of this call on it is gone. */
  readonly onLost: (listener: () => void) => void;
}

/**
 * Whoever comes counts as so many streams at least, which is what one of four who see and hear each other is sent. A call
 * that fills up while all are silent must not be all on one worker when they begin to talk.
 */
const STREAMS_OF_ONE = 6;
/** Streams of sound, and those that nobody looks at, cost a fraction of one of video: with so many times its streams, it breaks down. */
const OVERLOAD = 8;
/** Everybody has two connections. */
const CONNECTIONS_OF_ONE = 2;

interface WorkerOptions {
  /** The launcher of the worker. */
  readonly program: string;
  readonly listenInfos: TransportListenInfo[];
  /** How many streams it should send at most. */
  readonly capacity: number;
}

/** One worker with its ports. It counts what it sends. */
export class WorkerProcess {
  readonly #worker: Worker;
  readonly #ports: WebRtcServer;
  readonly #capacity: number;
  readonly #lost = new Set<() => void>();
  #streams = 0;
  #pipes = 0;
  #connections = 0;

  private constructor(worker: Worker, ports: WebRtcServer, capacity: number) {
    this.#worker = worker;
    this.#ports = ports;
    this.#capacity = capacity;
    worker.observer.on('newrouter', (router) => {
      router.observer.on('newtransport', (transport) => this.#count(transport));
    });
  }

  #count({ type, observer }: Transport): void {
    if (type === 'webrtc') {
      this.#connections += 1;
      observer.once('close', () => (this.#connections -= 1));
    }
    observer.on('newconsumer', (consumer) => {
      const pipes = consumer.type === 'pipe' ? 1 : 0;
      this.#streams += 1;
      this.#pipes += pipes;
      consumer.observer.once('close', () => {
        this.#streams -= 1;
        this.#pipes -= pipes;
      });
    });
  }

  static async start({ program, listenInfos, capacity }: WorkerOptions): Promise<WorkerProcess> {
    const worker = await createWorker({ workerBin: program, logLevel: 'error' });
    try {
      return new WorkerProcess(worker, await worker.createWebRtcServer({ listenInfos }), capacity);
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#worker.closed;
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get streams(): number {
    return this.#streams;
  }

  /** How many of them go to other workers. */
  get pipes(): number {
    return this.#pipes;
  }

  /** What it is to be reckoned with, in streams. */
  get load(): number {
    return Math.max(this.#streams, (this.#connections / CONNECTIONS_OF_ONE) * STREAMS_OF_ONE);
  }

  get isCrowded(): boolean {
    return this.load >= this.#capacity;
  }

  get isFull(): boolean {
    return this.#streams >= this.#capacity;
  }

  /** Seconds of processor time since its start. */
  async cpuSeconds(): Promise<number> {
    const { ru_utime: user, ru_stime: system } = await this.#worker.getResourceUsage();
    return (user + system) / 1_000;
  }

  /** Resolves with the reason when the process has ended by itself. */
  onDied(listener: (reason: Error) => void): void {
    this.#worker.once('died', (reason) => {
      listener(reason);
      for (const tell of this.#lost) tell();
      this.#lost.clear();
    });
  }

  async openCall(): Promise<CallMedia> {
    const router = await this.#worker.createRouter({ mediaCodecs: MEDIA_CODECS });
    return {
      router,
      ports: this.#ports,
      workerPid: this.pid,
      isCrowded: () => this.isCrowded,
      isFull: () => this.isFull,
      isOverloaded: () => this.#streams >= this.#capacity * OVERLOAD,
      isLost: () => this.#worker.closed,
      onLost: (listener) => {
        this.#lost.add(listener);
        router.observer.once('close', () => {
          // A dead worker closes its routers before it says that it died.
          if (!this.#worker.died) this.#lost.delete(listener);
        });
      },
    };
  }

  close(): void {
    this.#lost.clear();
    this.#worker.close();
  }
}
