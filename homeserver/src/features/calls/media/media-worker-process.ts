import { createWorker } from 'mediasoup';
import type { Router, TransportListenInfo, WebRtcServer, Worker } from 'mediasoup/types';
import { MEDIA_CODECS } from './codecs.ts';

/** A router for one call, and the ports that its transports use. */
export interface CallMedia {
  readonly router: Router;
  readonly ports: WebRtcServer;
  /** How many streams the call's worker sends, of this call and others. */
  readonly load: () => number;
  /** Called once when the worker has died: everything of this call on it is gone. */
  readonly onLost: (listener: () => void) => void;
}

/** One worker with its ports. It counts what it sends. */
export class WorkerProcess {
  readonly #worker: Worker;
  readonly #ports: WebRtcServer;
  readonly #lost = new Set<() => void>();
  #streams = 0;

  private constructor(worker: Worker, ports: WebRtcServer) {
    this.#worker = worker;
    this.#ports = ports;
    worker.observer.on('newrouter', (router) => {
      router.observer.on('newtransport', (transport) => {
        transport.observer.on('newconsumer', (consumer) => {
          this.#streams += 1;
          consumer.observer.once('close', () => (this.#streams -= 1));
        });
      });
    });
  }

  static async start(program: string, infos: TransportListenInfo[]): Promise<WorkerProcess> {
    const worker = await createWorker({ workerBin: program, logLevel: 'error' });
    try {
      return new WorkerProcess(worker, await worker.createWebRtcServer({ listenInfos: infos }));
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get streams(): number {
    return this.#streams;
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
      load: () => this.#streams,
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
