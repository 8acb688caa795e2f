import { type ChildProcess, fork, type ForkOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { PictureAnswer, PictureJob } from './jobs.ts';

export interface PictureProcessesDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Pictures that are worked on side by side; each has a process. */
  readonly atOnce: number;
}

/** More pictures wait than can be made in sensible time. */
export class TooBusyError extends Error {
  override readonly name = 'TooBusyError';
}

interface Waiting {
  readonly job: PictureJob;
  readonly resolve: (answer: PictureAnswer) => void;
}

const PROGRAM = fileURLToPath(new URL('./process.ts', import.meta.url));
const MAX_WAITING = 200;
/** Nothing that may be decoded takes so long, on any machine. */
const JOB_MS = 30_000;
/** Processes take memory, and most servers are quiet most of the time. */
const IDLE_MS = 60_000;

/** Of the environment, which may hold secrets, they need nothing. */
const PROCESS: ForkOptions = {
  execArgv: ['--max-old-space-size=128'],
  env: { MALLOC_ARENA_MAX: '2' },
  stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
};

/** The processes that handle pictures: started when they are needed, ended when they are not, or when they hang. */
export class PictureProcesses implements Disposable {
  readonly #deps: PictureProcessesDeps;
  readonly #waiting: Waiting[] = [];
  readonly #idle = new Map<ChildProcess, AbortController>();
  readonly #all = new Set<ChildProcess>();
  #isOver = false;

  constructor(deps: PictureProcessesDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Throws `TooBusyError`, and nothing else. */
  run(job: PictureJob): Promise<PictureAnswer> {
    if (this.#waiting.length >= MAX_WAITING || this.#isOver)
      return Promise.reject(new TooBusyError('too many pictures'));
    return new Promise((resolve) => {
      this.#waiting.push({ job, resolve });
      this.#next();
    });
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const child of this.#all) child.kill('SIGKILL');
    for (const { resolve } of this.#waiting.splice(0)) resolve({ outcome: 'no picture', why: 'the server stops' });
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#isOver) return;
    const child = this.#free() ?? this.#start();
    const next = child && this.#waiting.shift();
    if (next) void this.#work(child, next.job).then(next.resolve);
  }

  #free(): ChildProcess | undefined {
    for (const [child, rest] of this.#idle) {
      this.#idle.delete(child);
      rest.abort();
      return child;
    }
    return undefined;
  }

  #start(): ChildProcess | undefined {
    if (this.#all.size >= this.#deps.atOnce) return undefined;
    const child = fork(PROGRAM, [], PROCESS);
    this.#all.add(child);
    const gone = () => {
      this.#all.delete(child);
      this.#idle.get(child)?.abort();
      this.#idle.delete(child);
      this.#next();
    };
    child.once('exit', gone);
    // It could not be started, or does not hear us.
    child.on('error', () => {
      child.kill('SIGKILL');
      gone();
    });
    return child;
  }

  async #work(child: ChildProcess, job: PictureJob): Promise<PictureAnswer> {
    const over = new AbortController();
    const { promise: answer, resolve } = Promise.withResolvers<PictureAnswer>();
    const lost = () => resolve({ outcome: 'no picture', why: 'the decoder crashed' });
    const told = (said: unknown) => resolve(said as PictureAnswer);
    child.once('exit', lost).once('error', lost).once('message', told);
    void this.#deps.clock.sleep(JOB_MS, over.signal).then(() => {
      if (over.signal.aborted) return;
      this.#deps.log.warn('a picture took too long', { kind: job.kind });
      child.kill('SIGKILL');
    });
    child.send(job);
    await answer;
    over.abort();
    child.off('exit', lost).off('error', lost).off('message', told);
    if (this.#all.has(child) && child.connected && !child.killed) this.#rest(child);
    this.#next();
    return answer;
  }

  #rest(child: ChildProcess): void {
    const rest = new AbortController();
    this.#idle.set(child, rest);
    void this.#deps.clock.sleep(IDLE_MS, rest.signal).then(() => {
      if (!rest.signal.aborted) child.kill();
    });
  }
}
