import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Certificate } from './certificate.ts';

const START_MS = 90_000;
const POLL_MS = 100;
const UNLIMITED = { per_second: 99_999, burst_count: 99_999 };

export interface SynapseOptions {
  readonly name: string;
  /** Where clients reach it, in the clear. */
  readonly clientPort: number;
  /** Where other servers reach it, by TLS. */
  readonly federationPort: number;
  readonly certificate: Certificate;
}

/** A Synapse with an SQLite of its own. */
export class Synapse implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'holm-synapse-'));
  readonly #logFile = join(this.#folder, 'output.log');
  #child: ChildProcess | undefined;

  constructor(options: SynapseOptions) {
    this.name = options.name;
    this.url = `http://127.0.0.1:${options.clientPort}`;
    const write = (file: string, text: string) => writeFileSync(join(this.#folder, file), text);
    write('signing.key', `ed25519 a_test ${randomBytes(32).toString('base64').replace(/=+$/, '')}\n`);
    write('log.yaml', JSON.stringify(logging)); // JSON is YAML, too
    write('homeserver.yaml', JSON.stringify(settingsOf(options, this.#folder)));
  }

  /** Resolves once it answers. */
  async start(): Promise<void> {
    const python = process.env['HOLM_SYNAPSE_PYTHON'];
    if (python === undefined) throw new Error('run this with npm run test:interop');
    const output = openSync(this.#logFile, 'a');
    const args = ['-m', 'synapse.app.homeserver', '-c', join(this.#folder, 'homeserver.yaml')];
    const child = spawn(python, args, { stdio: ['ignore', output, output], cwd: this.#folder });
    closeSync(output);
    this.#child = child;
    const deadline = performance.now() + START_MS;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`Synapse did not start:\n${this.output()}`);
      }
      await pause(POLL_MS);
    }
  }

  /** What it has logged. */
  output(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #answers(): Promise<boolean> {
    return fetch(`${this.url}/_matrix/client/versions`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

const logging = {
  version: 1,
  formatters: { line: { format: '%(asctime)s %(name)s %(levelname)s %(message)s' } },
  handlers: { console: { class: 'logging.StreamHandler', formatter: 'line' } },
  root: { level: 'INFO', handlers: ['console'] },
  disable_existing_loggers: false,
};

const settingsOf = ({ name, clientPort, federationPort, certificate }: SynapseOptions, folder: string): object => ({
  server_name: name,
  pid_file: join(folder, 'pid'),
  public_baseurl: `http://127.0.0.1:${clientPort}/`,
  report_stats: false,
  signing_key_path: join(folder, 'signing.key'),
  media_store_path: join(folder, 'media'),
  log_config: join(folder, 'log.yaml'),
  database: { name: 'sqlite3', args: { database: join(folder, 'homeserver.db') } },
  listeners: [
    {
      port: clientPort,
      bind_addresses: ['127.0.0.1'],
      type: 'http',
      tls: false,
      resources: [{ names: ['client', 'media'] }],
    },
    {
      port: federationPort,
      bind_addresses: ['127.0.0.1'],
      type: 'http',
      tls: true,
      resources: [{ names: ['federation'] }],
    },
  ],
  tls_certificate_path: certificate.certificate,
  tls_private_key_path: certificate.key,
  trusted_key_servers: [],
  suppress_key_server_warning: true,
  federation_verify_certificates: false,
  ip_range_blacklist: [],
  federation_ip_range_blacklist: [],
  // Somebody who was away for a moment is not left alone for ten minutes.
  federation: {
    max_short_retry_delay: 100,
    max_short_retries: 1,
    max_long_retry_delay: 100,
    max_long_retries: 1,
    destination_min_retry_interval: 100,
    destination_retry_multiplier: 1,
    destination_max_retry_interval: 200,
  },
  macaroon_secret_key: 'secret',
  form_secret: 'secret',
  allow_public_rooms_over_federation: true,
  room_list_publication_rules: [{ user_id: '*', alias: '*', room_id: '*', action: 'allow' }],
  enable_registration: true,
  enable_registration_without_verification: true,
  bcrypt_rounds: 4,
  ...limits,
});

const limits = {
  rc_message: UNLIMITED,
  rc_registration: UNLIMITED,
  rc_login: { address: UNLIMITED, account: UNLIMITED, failed_attempts: UNLIMITED },
  rc_joins: { local: UNLIMITED, remote: UNLIMITED },
  rc_joins_per_room: UNLIMITED,
  rc_invites: { per_room: UNLIMITED, per_user: UNLIMITED, per_issuer: UNLIMITED },
  rc_presence: { per_user: UNLIMITED },
  rc_room_creation: UNLIMITED,
  rc_federation: { window_size: 1000, sleep_limit: 99_999, sleep_delay: 1, reject_limit: 99_999, concurrent: 50 },
  federation_rr_transactions_per_room_per_second: 9999,
};
