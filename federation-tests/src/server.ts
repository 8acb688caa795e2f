import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configOf } from '@holm/homeserver/config/load';
import { startHomeserver, type Running } from '@holm/homeserver/homeserver';
import type { Clock } from '@holm/homeserver/platform/clock';
import { createLog, type Log } from '@holm/homeserver/platform/log';
import type { Sql } from '@holm/homeserver/storage/sql';
import { createTestSchema, testDatabaseUrl } from '@holm/homeserver/testing/database';
import { seededEntropy } from '@holm/homeserver/testing/seeded-entropy';

/** There is no DNS here: servers find each other by `federation.overrides`. */
const noDns = { srv: () => Promise.resolve([]), addresses: () => Promise.resolve([]) };

/** Jobs that recur are done when a test does them. By the clock on the wall, they would come between what tests do. */
const noCron = () => ({ [Symbol.dispose]: () => undefined });

/** What every server of a test set-up has in its configuration. Real ones have none of this. */
const testSettings = {
  listeners: [{ address: '127.0.0.1', port: 0 }],
  database: { pool_size: 4 },
  passwords: { password_hash_cost: 4 },
  registration: { open: true },
  calls: { enabled: false },
  // Else what people do would be news to others in tests that are about something else.
  presence: { enabled: false },
  rate_limits: Object.fromEntries(
    [
      'login',
      'registration',
      'message',
      'join',
      'invite',
      'directory',
      'media',
      'call',
      'other',
      'federation',
      'policed',
    ].map((of) => [of, 'off']),
  ),
};

type TestSchema = Awaited<ReturnType<typeof createTestSchema>>;

export interface TestServerOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Where the other servers are, by name. */
  readonly overrides: Readonly<Record<string, string>>;
  /** More of the configuration file, section by section. */
  readonly config?: object;
  /** Where it finds PostgreSQL, if there is something in between. */
  readonly databaseUrl?: string | undefined;
}

/** `HOLM_TEST_LOG=info` shows what the servers have to say. Otherwise their errors are kept, for tests that ask. */
const testLog = (name: string, errors: string[]): Log => {
  const level = process.env['HOLM_TEST_LOG'];
  if (level !== undefined) return createLog(level as 'info', process.stderr).with({ server: name });
  return createLog('error', { write: (line: string) => void errors.push(line) });
};

/** A whole homeserver: its own database schema, its own keys, real HTTP on loopback. It can be stopped and started. */
export class TestServer implements AsyncDisposable {
  readonly name: string;
  /** What it has logged as errors: failures of its own. */
  readonly errors: string[] = [];
  readonly #options: TestServerOptions;
  readonly #schema: TestSchema;
  readonly #folder: string;
  #running: Running | undefined;
  #starts = 0;

  private constructor(options: TestServerOptions, schema: TestSchema) {
    this.name = options.name;
    this.#options = options;
    this.#schema = schema;
    this.#folder = mkdtempSync(join(tmpdir(), 'holm-server-'));
  }

  static async create(options: TestServerOptions): Promise<TestServer> {
    const server = new TestServer(options, await createTestSchema());
    await server.start();
    return server;
  }

  /** `more`: what it has in its configuration this time, beside what it was created with. */
  async start(more: object = {}): Promise<void> {
    const { name, clock, overrides, config, databaseUrl = testDatabaseUrl() } = this.#options;
    const settings = {
      ...testSettings,
      ...config,
      ...more,
      server_name: name,
      data_dir: this.#folder,
      federation: { overrides, max_backoff_ms: 60_000, ...(config as { federation?: object } | undefined)?.federation },
    };
    this.#running = await startHomeserver(
      configOf(settings),
      // A server that starts again must not say again what it said before.
      {
        clock,
        entropy: seededEntropy(`${name} ${this.#starts++}`),
        log: testLog(name, this.errors),
        dns: noDns,
        cron: noCron,
      },
      { url: databaseUrl, schema: this.#schema.schema },
    );
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** What is in the database, for tests that look behind the server's back. */
  rows<Row>(statement: Sql): Promise<Row[]> {
    return this.#schema.rows(statement);
  }

  get running(): Running {
    if (!this.#running) throw new Error(`${this.name} is not running`);
    return this.#running;
  }

  get keyFile(): string {
    return join(this.#folder, 'signing.key');
  }

  /** Such as `http://127.0.0.1:40123`. */
  get url(): string {
    return this.running.urls[0]!;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Resolves once nothing that it has begun is under way. */
  async settled(): Promise<void> {
    await this.#running?.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#schema[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}
