import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../homeserver/src/main.ts', import.meta.url));

/** A port that nobody uses now. Somebody might a moment later, but configurations must name one. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

export interface ProcessOptions {
  readonly name: string;
  readonly port: number;
  /** More of the configuration file. */
  readonly config?: object;
  /** A module that is loaded into its process before anything else. */
  readonly preload?: string;
}

/** A homeserver as a user has it: a process of its own with a configuration file, on the machine's time. */
export class ServerProcess implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'holm-process-'));
  readonly #configFile = join(this.folder, 'config.yaml');
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  /** Everything it has said since it was started last. */
  readonly output: string[] = [];

  constructor({ name, port, config = {}, preload }: ProcessOptions) {
    this.name = name;
    this.#flags = preload === undefined ? [] : ['--import', preload];
    this.url = `http://127.0.0.1:${port}`;
    chmodSync(this.folder, 0o711); // as root, PostgreSQL's own account has to get in
    const settings = {
      server_name: name,
      data_dir: this.folder,
      listeners: [{ address: '127.0.0.1', port }],
      // One worker is enough, and tests run side by side.
      calls: { port: 0, workers: 1 },
      ...config,
    };
    writeFileSync(this.#configFile, JSON.stringify(settings)); // JSON is YAML, too
  }

  /** Resolves once it listens, to the seconds that this took. */
  async start(): Promise<number> {
    const began = performance.now();
    this.output.length = 0;
    const environment = Object.entries(process.env).filter(([key]) => !key.startsWith('HOLM_'));
    const child = spawn(process.execPath, [...this.#flags, MAIN, 'start', '--config', this.#configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(environment), HOLM_MEDIA_WORKER: undefined },
    });
    this.#child = child;
    const listening = Promise.withResolvers<void>();
    const take = (line: string) => {
      this.output.push(line);
      if (line.includes('"msg":"listening"')) listening.resolve();
    };
    createInterface(child.stdout).on('line', take);
    createInterface(child.stderr).on('line', take);
    child.once('exit', (code) => {
      listening.reject(new Error(`${this.name} ended with ${code} before it listened:\n${this.output.join('\n')}`));
    });
    await listening.promise;
    return (performance.now() - began) / 1000;
  }

  /** What the first start prints: where the administrator's account is made. */
  async signUpLink(): Promise<string> {
    for (;;) {
      const link = this.output.map((line) => line.trim()).find((line) => line.includes('#/signup?token='));
      if (link !== undefined) return link;
      if (this.#child?.exitCode !== null) throw new Error(`${this.name} ended without a sign-up link`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As power failing: no signal that it could handle. */
  kill = (): Promise<void> => this.#end('SIGKILL');
  /** As a service manager stops it. */
  stop = (): Promise<void> => this.#end('SIGTERM');

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
