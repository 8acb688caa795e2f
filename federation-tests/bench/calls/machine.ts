import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mediaWorkerStatus } from '@holm/homeserver/features/calls/index';

/** The program of the media worker, for the ends of clients as well. */
export const clientWorker = (): string => {
  const status = mediaWorkerStatus(process.env['MEDIASOUP_WORKER_BIN']);
  if (status.state !== 'ready') throw new Error('there is no media worker here');
  return status.path;
};

const TICKS_PER_SECOND = 100;

/** Seconds of processor time that a process has used, all its threads together. */
export const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** A program of this folder as a process of its own. It ends with this one. */
export class Helper implements Disposable {
  readonly process: ChildProcess;

  constructor(name: string, ...args: readonly string[]) {
    this.process = fork(new URL(name, import.meta.url), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error('it did not start');
    return this.process.pid;
  }

  /** The next thing that it says. */
  async says<T>(): Promise<T> {
    const ended = once(this.process, 'exit').then(() => {
      throw new Error('a process has ended early');
    });
    const [message] = (await Promise.race([once(this.process, 'message'), ended])) as [T];
    return message;
  }

  ask<T>(message: object): Promise<T> {
    const said = this.says<T>();
    this.process.send(message);
    return said;
  }

  [Symbol.dispose](): void {
    this.process.removeAllListeners('exit');
    this.process.kill('SIGCONT');
    if (this.process.connected) this.process.disconnect();
  }
}
