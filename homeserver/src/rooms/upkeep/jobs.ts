import type { RoomId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Database } from '../../storage/database.ts';
import type { Job, JobKind, NewJob } from './job.ts';
import { jobsStore as store } from './jobs.store.ts';

/** How long a job belongs to whoever works on it, counted from their last sign of life. */
const LEASE_MS = 30_000;
const MAX_ATTEMPTS = 10;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;
const KEPT_MS = 30 * 24 * 3_600_000;

/** What a worker is given to go on with. */
export interface Shift {
  /** Says how far the work is. Throws where it is to stop here: it is taken up again from what was said last. */
  report(progress: JsonObject): Promise<void>;
}

/** `later`: go on after that many milliseconds. */
export type Outcome = 'done' | { readonly later: number };

export type Worker = (job: Job, shift: Shift) => Promise<Outcome>;

/** Thrown to leave a job to somebody else, or to a later life of this server. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export interface RoomJobsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly background: Background;
  readonly workers: Readonly<Record<JobKind, Worker>>;
  /** Told when a job is over, however it ended. */
  readonly over: () => Promise<void>;
}

/** Work on rooms that takes its time. It survives restarts, and one job is worked on at a time. */
export class RoomJobs {
  readonly #deps: RoomJobsDeps;
  #isWorking = false;
  #isStopping = false;

  constructor(deps: RoomJobsDeps) {
    this.#deps = deps;
  }

  /** Undefined when the room has a job of the kind that is not over. */
  async add(job: NewJob): Promise<Job | undefined> {
    const { db, clock, log } = this.#deps;
    const added = await store.add(db, job, clock.now());
    if (!added) return undefined;
    log.info('room job accepted', { jobId: added.id, job: job.kind, roomId: job.roomId, by: job.requestedBy });
    this.wake();
    return added;
  }

  get(id: number): Promise<Job | undefined> {
    return store.get(this.#deps.db, id);
  }

  list(roomId: RoomId | undefined, page: { before: number | undefined; limit: number }): Promise<Job[]> {
    return store.list(this.#deps.db, { roomId, ...page });
  }

  /** Works on what is due, in the background. */
  wake(): void {
    if (!this.#isWorking && !this.#isStopping) this.#deps.background.run('room jobs', () => this.work());
  }

  /** Resolves when nothing is due any more. */
  async work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      for (let job = await this.#take(); job !== undefined; job = await this.#take()) await this.#run(job);
    } finally {
      this.#isWorking = false;
    }
  }

  /** Work stops at the next report; another life goes on with it. */
  stop(): void {
    this.#isStopping = true;
  }

  async prune(): Promise<void> {
    await store.prune(this.#deps.db, this.#deps.clock.now() - KEPT_MS);
  }

  async #take(): Promise<Job | undefined> {
    const { db, clock } = this.#deps;
    return this.#isStopping ? undefined : store.take(db, clock.now(), clock.now() + LEASE_MS);
  }

  async #run(job: Job): Promise<void> {
    const { db, clock, log, workers, over } = this.#deps;
    const report = async (progress: JsonObject): Promise<void> => {
      const kept = await store.keep(db, job, progress, clock.now() + LEASE_MS);
      if (!kept || this.#isStopping) throw new Interrupted('the job is to be taken up later');
    };
    try {
      const outcome = await workers[job.kind](job, { report });
      const now = clock.now();
      if (outcome === 'done') {
        await store.settle(db, job, { state: 'done', dueAt: now, finishedAt: now, attempts: job.attempts });
        log.info('room job done', { jobId: job.id, job: job.kind, roomId: job.roomId });
        await over();
      } else {
        await store.settle(db, job, { state: 'waiting', dueAt: now + outcome.later, attempts: job.attempts });
      }
    } catch (error) {
      await this.#failed(job, error);
    }
  }

  async #failed(job: Job, error: unknown): Promise<void> {
    const { db, clock, log } = this.#deps;
    const now = clock.now();
    if (error instanceof Interrupted) {
      await store.settle(db, job, { state: 'waiting', dueAt: now, attempts: job.attempts });
      return;
    }
    const attempts = job.attempts + 1;
    const isOver = attempts >= MAX_ATTEMPTS;
    log.error('a room job failed', { jobId: job.id, job: job.kind, roomId: job.roomId, attempts, err: error });
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
    await store.settle(db, job, {
      state: isOver ? 'failed' : 'waiting',
      dueAt: now + pause,
      finishedAt: isOver ? now : undefined,
      error: error instanceof Error ? error.message : String(error),
      attempts,
    });
    if (isOver) await this.#deps.over();
  }
}
