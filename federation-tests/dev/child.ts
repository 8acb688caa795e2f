import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Command {
  /** Stands before each line that it prints. */
  readonly label: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Longer than a server takes to let its requests end. */
const PATIENCE_MS = 15_000;

/** A Node program that is started, restarted and stopped together with us. */
export class Child {
  readonly #command: Command;
  #process: ChildProcess | undefined;
  /** One start or stop at a time. */
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(command: Command) {
    this.#command = command;
  }

  #start(): void {
    if (this.#closed) return;
    const { label, args, cwd, env } = this.#command;
    // A group of its own: Ctrl-C reaches us alone, and it stops when we say so, once.
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => say(label, line));
    }
    child.once('exit', (code, signal) => {
      if (this.#process === child) say(label, `ended (${signal ?? String(code)}); waiting for a change`);
    });
    this.#process = child;
  }

  /** Starts it, or starts it again. */
  restart(): Promise<void> {
    return this.#next(async () => {
      await this.#stop();
      this.#start();
    });
  }

  /** For good. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#next(() => this.#stop());
  }

  #next(step: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(step);
    return this.#last;
  }

  async #stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await ended;
    clearTimeout(timer);
  }
}

export const say = (label: string, line: string): void => {
  process.stdout.write(`${label.padEnd(7)}| ${line}\n`);
};
