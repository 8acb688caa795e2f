import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { freePort } from '../src/process.ts';
import type { Held } from './loop-watch.ts';
import { memoryOfTree } from './process-tree.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** As `npm start` has it. */
const { nodeFlags, nodeEnvironment } = (await import(
  new URL('../../homeserver/scripts/setup/flags.mjs', import.meta.url).href
)) as {
  readonly nodeFlags: readonly string[];
  readonly nodeEnvironment: Readonly<Record<string, string>>;
};
const WATCH = new URL('loop-watch.ts', import.meta.url).href;
const WEIGH = new URL('memory-probe.ts', import.meta.url).href;
const POLL_MS = 5;
const PATIENCE_MS = 60_000;
const TICKS_PER_SECOND = 100;

const unlimited = Object.fromEntries(
  ['login', 'registration', 'message', 'join', 'invite', 'directory', 'media', 'other', 'federation'].map((of) => [
    of,
    'off',
  ]),
);

export interface ServerOptions {
  /** What it is called; `bench.localhost` if nobody cares. */
  readonly name?: string;
  readonly port?: number;
  readonly folder: string;
  /** Without it the server brings its own PostgreSQL. */
  readonly database?: string;
  /** What else its configuration says. */
  readonly settings?: object;
  /** `watch` can be asked of it. */
  readonly isWatched?: boolean;
  /** `usedMb` can be asked of it. */
  readonly isWeighed?: boolean;
  /** Where a profile of where its processor time went is written at its end. */
  readonly profileInto?: string | undefined;
}

/** A homeserver as it is in real life: a process of its own. */
export class ServerProcess {
  readonly name: string;
  readonly url: string;
  /** From the start of the process to the first answer. */
  readonly startMs: number;
  readonly #process: ChildProcess;

  private constructor(name: string, child: ChildProcess, { url, startMs }: Pick<ServerProcess, 'url' | 'startMs'>) {
    this.name = name;
    this.#process = child;
    this.url = url;
    this.startMs = startMs;
  }

  static async start(options: ServerOptions): Promise<ServerProcess> {
    const { name = 'bench.localhost', folder, database, settings } = options;
    const port = options.port ?? (await freePort());
    const file = join(folder, 'config.yaml');
    const config = {
      server_name: name,
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
    const child = spawn(
      process.execPath,
      [...nodeFlags, ...probesOf(options), `${root}homeserver/src/main.ts`, 'start', '--config', file],
      {
        cwd: folder,
        env: { ...nodeEnvironment, ...process.env, NODE_COMPILE_CACHE: `${root}.runtime/compiled` },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    const url = `http://127.0.0.1:${port}`;
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      if (performance.now() - start > PATIENCE_MS) throw new Error('the server does not answer');
      await pause(POLL_MS);
    }
    return new ServerProcess(name, child, { url, startMs: performance.now() - start });
  }

  /** Watches its event loop from now on, until what this resolves to is called: it says how long it was held. */
  async watch(): Promise<() => Promise<Held>> {
    await this.#askWatch();
    return async () => (await this.#askWatch()) as Held;
  }

  async #askWatch(): Promise<unknown> {
    const answer = once(this.#process, 'message');
    this.#process.send('');
    const [said] = (await answer) as [unknown];
    return said;
  }

  /** Resident memory in megabytes; Linux only. */
  get residentMb(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  /** Megabytes of all processes that belong to it, its PostgreSQL among them; Linux only. */
  get allMb(): number {
    return memoryOfTree(this.#process.pid ?? 0);
  }

  /** What is in use in megabytes, rubbish put out first: of the heap, and with what lies beside it. */
  usedMb(): Promise<Used> {
    return weigh(this.#process);
  }

  /** Processor time since the start, in seconds; Linux only. */
  get cpuSeconds(): number {
    const [, fields = ''] = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8').split(') ');
    const [user, system] = fields.split(' ').slice(11, 13).map(Number);
    return ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

/** In megabytes. */
export interface Used {
  readonly heap: number;
  readonly all: number;
}

/** How a process begins that can be weighed, by Node's flags. */
export const weighable = [...nodeFlags, '--expose-gc', '--import', WEIGH];

export const weigh = async (child: ChildProcess): Promise<Used> => {
  const told = once(child, 'message');
  child.send('memory');
  const [{ heapUsed, external }] = (await told) as [NodeJS.MemoryUsage];
  return { heap: heapUsed / 2 ** 20, all: (heapUsed + external) / 2 ** 20 };
};

const probesOf = ({ isWatched, isWeighed, profileInto }: ServerOptions): string[] => [
  ...(isWatched === true ? ['--import', WATCH] : []),
  ...(isWeighed === true ? ['--expose-gc', '--import', WEIGH] : []),
  ...(profileInto === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileInto}`]),
];

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/_matrix/client/versions`).then(
    ({ ok }) => ok,
    () => false,
  );
