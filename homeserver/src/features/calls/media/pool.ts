import type { TransportListenInfo } from 'mediasoup/types';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { type CallMedia, WorkerProcess } from './media-worker-process.ts';

export interface PoolDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** How many workers. */
  readonly size: number;
  /** The launcher of the worker. */
  readonly program: string;
  /** Where worker number `index` listens. */
  readonly listenInfos: (index: number) => TransportListenInfo[];
  /** How many streams one worker should send at most. */
  readonly capacity: number;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** A worker that ran so long did not die of its start. */
const SOUND_AFTER_MS = 60_000;

/** The media workers of this machine. One that dies is started again. */
export class WorkerPool {
  readonly #deps: PoolDeps;
  readonly #running = new Map<number, WorkerProcess>();
  readonly #stopped = new AbortController();
  readonly #starting = new Set<Promise<void>>();
  /** How long to wait before the next start of each: ever longer for one that dies again and again. */
  readonly #delays = new Map<number, number>();
  #deaths = 0;

  constructor(deps: PoolDeps) {
    this.#deps = deps;
  }

  /** Starts all workers, or none. Rejects when one cannot start, for instance because its port is taken. */
  async start(): Promise<void> {
    const indices = Array.from({ length: this.#deps.size }, (_, index) => index);
    const started = await Promise.allSettled(indices.map((index) => this.#launch(index)));
    const failed = started.find(({ status }) => status === 'rejected');
    if (!failed) return;
    await this.stop();
    throw new Error('a media worker does not start', { cause: (failed as PromiseRejectedResult).reason });
  }

  get size(): number {
    return this.#running.size;
  }

  /** How many workers have died since the start. */
  get deaths(): number {
    return this.#deaths;
  }

  get streams(): number {
    return this.#running.values().reduce((sum, { streams }) => sum + streams, 0);
  }

  /** How many tracks go from one worker to another. */
  get pipes(): number {
    return this.#running.values().reduce((sum, { pipes }) => sum + pipes, 0);
  }

  get pids(): readonly number[] {
    return [...this.#running.values()].map(({ pid }) => pid);
  }

  async cpuSeconds(): Promise<number> {
    const each = await Promise.all([...this.#running.values()].map((worker) => worker.cpuSeconds()));
    return each.reduce((sum, seconds) => sum + seconds, 0);
  }

  /**
   * A place for a call, on the worker that has the least to do. One that is there already, `besides` others, gets
   * another one only where that has room for people and what they will send.
   */
  async openCall(besides: readonly CallMedia[] = []): Promise<CallMedia | 'no worker' | 'full'> {
    const taken = new Set(besides.map(({ workerPid }) => workerPid));
    const [worker] = [...this.#running.values()]
      .filter(({ pid }) => !taken.has(pid))
      .sort((one, other) => one.load - other.load);
    if (!worker) return 'no worker';
    if (worker.isFull || (besides.length > 0 && worker.isCrowded)) return 'full';
    try {
      return await worker.openCall();
    } catch (error) {
      if (worker.isClosed) return 'no worker';
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#starting);
    for (const worker of this.#running.values()) worker.close();
    this.#running.clear();
  }

  async #launch(index: number): Promise<void> {
    const { program, listenInfos, capacity, clock } = this.#deps;
    const worker = await WorkerProcess.start({ program, listenInfos: listenInfos(index), capacity });
    const startedAt = clock.now();
    this.#running.set(index, worker);
    worker.onDied((err) => {
      this.#running.delete(index);
      this.#deaths += 1;
      this.#deps.log.error('a media worker died', { index, err });
      if (clock.now() - startedAt > SOUND_AFTER_MS) this.#delays.delete(index);
      this.#restart(index);
    });
  }

  #restart(index: number): void {
    const task = this.#tryAgain(index).finally(() => this.#starting.delete(task));
    this.#starting.add(task);
  }

  async #tryAgain(index: number): Promise<void> {
    const { clock, log } = this.#deps;
    for (;;) {
      const delayMs = this.#delays.get(index) ?? 0;
      this.#delays.set(index, Math.min(MAX_DELAY_MS, delayMs * 2 + FIRST_DELAY_MS));
      await clock.sleep(delayMs, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      try {
        await this.#launch(index);
        return;
      } catch (err) {
        log.error('a media worker does not start', { index, err });
      }
    }
  }
}
