import { existsSync } from 'node:fs';
import { UserId } from '@holm/spec/ids';
import { type Loaded, loadConfig } from '../config/load.ts';
import { describeConfig, exampleConfig } from '../config/print.ts';
import type { ServerConfig } from '../config/schema.ts';
import type { Environment } from '../config/sources.ts';
import { type Command, HELP, parseCommand } from './command.ts';
import { type RoomsPort, runRoom } from './run-room.ts';
import { sentenceOf } from './sentence.ts';
import { UsageError } from './usage-error.ts';

/** What the commands about users need of the accounts. */
export interface AccountsPort extends AsyncDisposable {
  userIdFor(name: string): UserId;
  createUser(user: { name: string; password: string; admin?: boolean }): Promise<UserId>;
  resetPassword(userId: UserId, newPassword: string): Promise<void>;
  makeAdmin(userId: UserId): Promise<void>;
}

export interface CliDeps {
  readonly version: string;
  readonly environment: Environment;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly readPassword: () => Promise<string>;
  /** Runs the server; resolves when it has stopped. */
  readonly start: (config: ServerConfig) => Promise<void>;
  /** Puts a new signing key in the place of the old one; resolves to their ids. */
  readonly rotateKey: (config: ServerConfig) => Promise<{ readonly from: string; readonly to: string }>;
  /** Opens the database, without serving anything. */
  readonly openAccounts: (config: ServerConfig) => Promise<AccountsPort>;
  readonly openRooms: (config: ServerConfig) => Promise<RoomsPort>;
}

/** Runs what was typed. Resolves to the exit code; whatever goes wrong has been said by then. */
export const runCli = async (args: readonly string[], deps: CliDeps): Promise<number> => {
  try {
    await run(parseCommand(args), deps);
    return 0;
  } catch (error) {
    deps.err(`${sentenceOf(error)}\n`);
    return 1;
  }
};

const run = async (command: Command, deps: CliDeps): Promise<void> => {
  if ('user' in command) await runUser(command, deps);
  else if ('room' in command || 'search' in command) {
    await using rooms = await deps.openRooms(load(command.configFile, deps).config);
    deps.out(await runRoom(command, rooms));
  } else if (command.name === 'key rotate') await runRotation(command.configFile, deps);
  else if (command.name === 'start') await deps.start(load(command.configFile, deps).config);
  else deps.out(textOf(command, deps));
};

const runRotation = async (configFile: string | undefined, deps: CliDeps): Promise<void> => {
  const { from, to } = await deps.rotateKey(load(configFile, deps).config).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    throw new UsageError('there is no signing key yet: the first start makes one', { cause: error });
  });
  deps.out(`${to} takes the place of ${from}. Restart the server: until then it signs with the old key\n`);
};

type Printed = Exclude<
  Command,
  { user: string } | { room: string } | { search: string } | { name: 'start' } | { name: 'key rotate' }
>;

const textOf = (command: Printed, deps: CliDeps): string => {
  switch (command.name) {
    case 'help':
      return HELP;
    case 'version':
      return `${deps.version}\n`;
    case 'config example':
      return exampleConfig();
    case 'config check':
      return `${describeConfig(load(command.configFile, deps))}\n`;
  }
};

const DEFAULT_FILE = 'config.yaml';

const load = (asked: string | undefined, { environment }: CliDeps): Loaded => {
  const named = asked ?? environment['HOLM_CONFIG'];
  const file = named === undefined && existsSync(DEFAULT_FILE) ? DEFAULT_FILE : named;
  return loadConfig(file, environment);
};

type UserCommand = Extract<Command, { user: string }>;

const runUser = async ({ name, user, admin, configFile }: UserCommand, deps: CliDeps): Promise<void> => {
  const { config } = load(configFile, deps);
  const password = name === 'user make-admin' ? '' : await deps.readPassword();
  await using accounts = await deps.openAccounts(config);
  if (name === 'user create') {
    const userId = await accounts.createUser({ name: user, password, admin });
    deps.out(`${userId} can log in now\n`);
    return;
  }
  const userId = localUser(user, config.server_name, accounts);
  if (name === 'user reset-password') {
    await accounts.resetPassword(userId, password);
    deps.out(`${userId} has a new password, and is logged out everywhere\n`);
  } else {
    await accounts.makeAdmin(userId);
    deps.out(`${userId} is an administrator now\n`);
  }
};

/** People type a name or a whole user id. */
const localUser = (typed: string, serverName: string, accounts: AccountsPort): UserId => {
  if (!typed.startsWith('@')) return accounts.userIdFor(typed);
  if (!UserId.is(typed) || !typed.endsWith(`:${serverName}`)) {
    throw new UsageError(`${typed} is no user of ${serverName}`);
  }
  return typed;
};
