import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../platform/log.ts';
import { postgresAccount } from './embedded/account.ts';
import { findBinaries } from './embedded/binaries.ts';
import { createCluster, freePort, lastWords, launch, urlOf, type Cluster } from './embedded/cluster.ts';
import { existingHome, openHome, saveHome, type Home } from './embedded/home.ts';
import { isPostgresOf, runningPostmaster, stopPostmaster, type Postmaster } from './embedded/postmaster.ts';

export interface EmbeddedOptions {
  /** The server's data directory. PostgreSQL gets a folder in it, or is told of elsewhere in the log. */
  readonly dataDir: string;
  readonly log: Log;
  /** PostgreSQL settings that replace ours; tests switch `fsync` off. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Embedded {
  readonly url: string;
  stop(): Promise<void>;
}

// Real time, not a Clock: all of this is about another process, which has the machine's time.
const POLL_MS = 20;
const RESTART_PAUSE_MS = 1000;
const PREDECESSOR_MS = 5000;
const PORT_ATTEMPTS = 3;

/** One server per cluster: whoever holds this advisory lock ("HOLM" in ASCII) in the database `postgres`. */
const LOCK = 0x484f4c4d;

/**
 * Brings up a PostgreSQL of our own: creates it at the first start, adopts it when it still runs because only we were
 * killed, and brings it back when it dies while we live. Resolves once it accepts connections and no statement of a
 * killed predecessor is under way any more.
 */
export const startEmbedded = async ({ dataDir, log, settings = {} }: EmbeddedOptions): Promise<Embedded> => {
  const account = postgresAccount();
  const home = openHome(dataDir, account, log);
  const cluster = { folder: home.folder, binaries: findBinaries(account), account, settings };
  createCluster(cluster, home.password);
  const supervisor = new Supervisor(cluster, home, log);
  const port = await supervisor.attach();
  await supervisor.endLeftovers();
  if (port !== home.port) saveHome(dataDir, { ...home, port });
  return { url: urlOf(home, port), stop: () => supervisor.stop() };
};

/**
 * The PostgreSQL of a server that runs on this data directory, for a command beside it. Undefined when no server does:
 * then the command may start it.
 */
export const servedEmbedded = async (dataDir: string): Promise<string | undefined> => {
  const home = existingHome(dataDir);
  const running = home && runningPostmaster(home.folder);
  if (!home || !running) return undefined;
  const url = urlOf(home, running.port);
  const connection = new pg.Client({ connectionString: url, application_name: 'holm command' });
  await connection.connect();
  try {
    return (await tryLock(connection)) ? undefined : url;
  } finally {
    await connection.end();
  }
};

/** Holds the lock of the cluster by a connection of its own, whose end tells that PostgreSQL went away. */
class Supervisor {
  readonly #cluster: Cluster;
  readonly #log: Log;
  readonly #home: Home;
  #port: number | undefined;
  #postmaster: Postmaster | undefined;
  #connection: pg.Client | undefined;
  #reviving: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(cluster: Cluster, home: Home, log: Log) {
    this.#cluster = cluster;
    this.#log = log;
    this.#home = home;
    this.#port = home.port;
  }

  /** Resolves to the port once PostgreSQL is up and ours alone. */
  async attach(): Promise<number> {
    const connection = (await this.#adopt()) ?? (await this.#start());
    try {
      await lock(connection, this.#cluster.folder);
    } catch (error) {
      await connection.end();
      throw error;
    }
    this.#connection = connection;
    this.#port = connection.port;
    this.#postmaster = runningPostmaster(this.#cluster.folder);
    connection.on('error', () => undefined); // `end` follows
    connection.once('end', () => {
      this.#reviving = this.#revive();
    });
    return connection.port;
  }

  /** Ends what a killed predecessor left running: a commit of it must not appear after we have read. */
  async endLeftovers(): Promise<void> {
    await this.#connection?.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#reviving;
    await this.#connection?.end();
    if (this.#postmaster !== undefined) await stopPostmaster(this.#cluster.folder, this.#postmaster);
  }

  async #adopt(): Promise<pg.Client | undefined> {
    const { folder, binaries } = this.#cluster;
    const running = runningPostmaster(folder);
    if (running === undefined) return undefined;
    const connection = await this.#connectTo(running.port, () => isPostgresOf(running.pid, folder));
    if (connection === undefined) return undefined;
    const { rows } = await connection.query<{ server_version: string }>('SHOW server_version');
    if (rows[0]?.server_version.split(' ')[0] === binaries.version) return connection;
    this.#log.info('restarting PostgreSQL with its new version', { version: binaries.version });
    await connection.end();
    await stopPostmaster(folder, running);
    return undefined;
  }

  async #start(): Promise<pg.Client> {
    for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt++) {
      const port = await freePort(this.#port);
      // Everybody knows it by its port by now.
      if (this.#connection && port !== this.#port) throw new Error(`something else has taken its port ${this.#port}`);
      const child = launch(this.#cluster, port);
      const connection = await this.#connectTo(port, () => isRunning(child));
      if (connection !== undefined) return connection;
    }
    throw new Error(`PostgreSQL does not start: ${lastWords(this.#cluster.folder)}`);
  }

  /** Tries for as long as the process lives: after a crash it may first have to replay its log. */
  async #connectTo(port: number, lives: () => boolean): Promise<pg.Client | undefined> {
    for (let waitedMs = 0; lives(); waitedMs += POLL_MS) {
      const connection = new pg.Client({
        connectionString: urlOf(this.#home, port),
        application_name: 'holm keeper',
      });
      try {
        await connection.connect();
        return connection;
      } catch (error) {
        if ((error as { code?: string }).code === '28P01') throw error; // the password is wrong and will stay so
      }
      if (waitedMs === 500 * POLL_MS) this.#log.info('waiting for PostgreSQL to recover');
      await pause(POLL_MS);
    }
    return undefined;
  }

  async #revive(): Promise<void> {
    while (!this.#stopped) {
      this.#log.error('the embedded PostgreSQL went away; bringing it back');
      await pause(RESTART_PAUSE_MS);
      try {
        await this.attach();
        return;
      } catch (error) {
        this.#log.error('the embedded PostgreSQL does not come back', { err: error });
      }
    }
  }
}

const isRunning = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** Makes the cluster ours. That of a killed predecessor is let go within moments, that of a living one never. */
const lock = async (connection: pg.Client, folder: string): Promise<void> => {
  for (let waitedMs = 0; !(await tryLock(connection)); waitedMs += POLL_MS) {
    if (waitedMs > PREDECESSOR_MS) throw new Error(`the database in ${folder} is in use by another Holm server`);
    await pause(POLL_MS);
  }
};

const tryLock = async (connection: pg.Client): Promise<boolean> => {
  const { rows } = await connection.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [LOCK]);
  return rows[0]?.locked === true;
};
