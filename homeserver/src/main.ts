import { once } from 'node:events';
import type { Effects } from './compose/base.ts';
import { keyFileOf } from './compose/federation.ts';
import { administrationOf } from './compose/room-commands.ts';
import { runCli, type CliDeps } from './cli/run.ts';
import { readPassword } from './cli/read-password.ts';
import type { ServerConfig } from './config/schema.ts';
import { Accounts, Passwords, Sessions } from './features/accounts/index.ts';
import { rotateKey } from './federation/keyring/rotation.ts';
import { createSystemDns } from './federation/resolver/dns.ts';
import { openDatabase, startHomeserver, type DatabaseAddress } from './homeserver.ts';
import { systemClock } from './platform/clock.ts';
import { systemEntropy } from './platform/entropy.ts';
import { createLog, type Log } from './platform/log.ts';
import { Metrics } from './platform/metrics.ts';
import { processMetrics } from './platform/process-metrics.ts';
import { systemCron } from './platform/schedule.ts';
import { servedEmbedded, startEmbedded } from './storage/embedded.ts';
import { migrateAside } from './storage/migrate.ts';
import { ServerName } from '@holm/spec/ids';
import { VERSION } from './version.ts';

const out = (text: string) => void process.stdout.write(text);

const effectsOf = (config: ServerConfig): Effects => ({
  clock: systemClock,
  entropy: systemEntropy,
  log: createLog(config.log.level, process.stdout, config.log.areas),
  dns: createSystemDns(),
  cron: systemCron,
});

/** The database that is configured, or one of our own. */
const databaseOf = async (config: ServerConfig, log: Log, stack: AsyncDisposableStack): Promise<DatabaseAddress> => {
  if (config.database.url !== undefined) return { url: config.database.url, migrate: migrateAside };
  const embedded = await startEmbedded({ dataDir: config.data_dir, log: log.with({ area: 'postgres' }) });
  stack.defer(() => embedded.stop());
  return { url: embedded.url, migrate: migrateAside };
};

const start = async (config: ServerConfig): Promise<void> => {
  await using stack = new AsyncDisposableStack();
  const effects = effectsOf(config);
  const stopping = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const server = await startHomeserver(config, effects, await databaseOf(config, effects.log, stack));
  stack.defer(() => server.stop());
  stack.use(processMetrics(server.services.metrics));
  const [url = ''] = server.urls;
  effects.log.info('listening', { urls: server.urls, serverName: config.server_name, version: VERSION });
  const token = await server.signUpToken();
  if (token !== undefined) {
    out(`\nCreate the administrator's account here, once:\n\n    ${url}/#/signup?token=${token}\n\n`);
  }
  await stopping;
  effects.log.info('stopping');
};

/** For a command. A server may be running: then its database is there already. */
const openedDatabase = async (config: ServerConfig, effects: Effects, stack: AsyncDisposableStack) => {
  const served = config.database.url === undefined ? await servedEmbedded(config.data_dir) : undefined;
  const address = served === undefined ? await databaseOf(config, effects.log, stack) : { url: served };
  const db = await openDatabase(config, effects, address);
  stack.defer(() => db.close());
  return db;
};

const openRooms: CliDeps['openRooms'] = async (config) => {
  const stack = new AsyncDisposableStack();
  const effects = effectsOf(config);
  const db = await openedDatabase(config, effects, stack);
  const rooms = await administrationOf(db, effects.clock, ServerName.parse(config.server_name));
  return Object.assign(rooms, { [Symbol.asyncDispose]: () => stack.disposeAsync() });
};

const openAccounts: CliDeps['openAccounts'] = async (config) => {
  const stack = new AsyncDisposableStack();
  const effects = effectsOf(config);
  const { clock, entropy, log } = effects;
  const db = await openedDatabase(config, effects, stack);
  const { min_password_length: minimumLength } = config.registration;
  const passwords = new Passwords({ cost: config.passwords.password_hash_cost, minimumLength }, entropy);
  const sessions = new Sessions({ db, clock, entropy });
  const serverName = ServerName.parse(config.server_name);
  const accounts = new Accounts({ db, clock, log, metrics: new Metrics(), serverName, passwords, sessions });
  return Object.assign(accounts, { [Symbol.asyncDispose]: () => stack.disposeAsync() });
};

const LAST_MOMENT_MS = 500;

process.exitCode = await runCli(process.argv.slice(2), {
  version: VERSION,
  environment: process.env,
  out,
  err: (text) => void process.stderr.write(text),
  readPassword: () => readPassword({ input: process.stdin, prompt: out }),
  start,
  rotateKey: (config) => rotateKey(keyFileOf(config), systemEntropy),
  openAccounts,
  openRooms,
});

// A name that is being looked up holds the process up for as long as the system takes, though nobody waits for it any more.
setTimeout(() => process.exit(), LAST_MOMENT_MS).unref();
