import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const POLL_MS = 5;
const PATIENCE_MS = 60_000;

const unlimited = Object.fromEntries(
  ['login', 'registration', 'message', 'join', 'invite', 'directory', 'other', 'federation'].map((of) => [of, 'off']),
);

export interface ServerOptions {
  readonly folder: string;
  /** Without it the server brings its own PostgreSQL. */
  readonly database?: string;
  /** What else its configuration says. */
  readonly settings?: object;
}

/** A homeserver as it is in real life: a process of its own. */
export class ServerProcess {
  readonly name = 'bench.localhost';
  readonly url: string;
  /** From the start of the process to the first answer. */
  readonly startMs: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, url: string, startMs: number) {
    this.#process = child;
    this.url = url;
    this.startMs = startMs;
  }

  static async start({ folder, database, settings }: ServerOptions): Promise<ServerProcess> {
    const port = await freePort();
    const file = join(folder, 'config.yaml');
    const config = {
      server_name: 'bench.localhost',
      data_dir: folder,
      listeners: [{ address: '127.0.0.1', port }],
      registration: { open: true },
      passwords: { password_hash_cost: 4 },
      calls: { enabled: false },
      rate_limits: unlimited,
      log: { level: 'warn' },
      ...(database !== undefined && { database: { url: database } }),
      ...settings,
    };
    writeFileSync(file, stringify(config));
    const start = performance.now();
    const child = spawn(process.execPath, [`${root}homeserver/src/main.ts`, 'start', '--config', file], {
      cwd: folder,
      env: { ...process.env, NODE_COMPILE_CACHE: `${root}.runtime/compiled` },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const url = `http://127.0.0.1:${port}`;
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      if (performance.now() - start > PATIENCE_MS) throw new Error('the server does not answer');
      await pause(POLL_MS);
    }
    return new ServerProcess(child, url, performance.now() - start);
  }

  /** Resident memory in megabytes; Linux only. */
  get residentMb(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/_matrix/client/versions`).then(
    ({ ok }) => ok,
    () => false,
  );

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};
