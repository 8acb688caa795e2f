import { parseArgs } from 'node:util';
import { type RoomCommand, roomCommand } from './room-command.ts';
import { UsageError } from './usage-error.ts';

export type Command =
  | { readonly name: 'help' | 'version' | 'config example' }
  | { readonly name: 'start'; readonly configFile: string | undefined }
  | { readonly name: 'config check'; readonly configFile: string | undefined }
  | { readonly name: 'key rotate'; readonly configFile: string | undefined }
  | {
      readonly name: 'user create' | 'user reset-password' | 'user make-admin';
      readonly configFile: string | undefined;
      readonly user: string;
      readonly admin: boolean;
    }
  | RoomCommand;

export const HELP = `holm: a Matrix homeserver

  holm start                       run the server
  holm config check                check the configuration and say where each value comes from
  holm config example              print a configuration file with every key explained
  holm key rotate                  give the server a new signing key, from its next start on
  holm user create NAME            make an account; asks for the password
  holm user reset-password NAME    give an account a new password and end its sessions
  holm user make-admin NAME        let an account administer the server
  holm room list [WORDS]           the rooms that the server knows
  holm room show ROOM              what there is to know about one of them, by its id
  holm room purge ROOM             remove a room that nobody here is in; with --evict, whoever is in it leaves first
  holm room block ROOM             let nobody of this server into a room
  holm room quarantine ROOM        let nothing happen in a room any more
  holm room release ROOM           lift a block or a quarantine

  --config FILE    the configuration; otherwise the file that HOLM_CONFIG names, or config.yaml here if there is one
  --admin          with "user create": an administrator
  --evict          with "room purge": users of this server leave the room first
  --block          with "room purge": nobody of this server gets into it again
  --help           this text
  --version        the version

A password that is piped in is read from the standard input.
`;

const USER_COMMANDS = ['create', 'reset-password', 'make-admin'] as const;

export const parseCommand = (args: readonly string[]): Command => {
  const { values, positionals } = parsed(args);
  const configFile = values.config;
  const { admin, evict, block } = flagsOf(values);
  if (values.help === true || (positionals.length === 0 && values.version !== true)) return { name: 'help' };
  if (values.version === true) return { name: 'version' };
  const [noun, verb, ...names] = positionals;
  assertFit(`${noun} ${verb}`, { admin, purge: evict || block });
  if (noun === 'room') return roomCommand(verb, names, { configFile, evict, block });
  if (noun === 'user') return userCommand(verb, names, { configFile, admin });
  return plainCommand(positionals.join(' '), configFile);
};

const flagsOf = ({ admin = false, evict = false, block = false }: ReturnType<typeof parsed>['values']) => ({
  admin,
  evict,
  block,
});

const assertFit = (typed: string, { admin, purge }: { readonly admin: boolean; readonly purge: boolean }): void => {
  if (admin && typed !== 'user create') throw new UsageError('--admin goes with "user create" only');
  if (purge && typed !== 'room purge') throw new UsageError('--evict and --block go with "room purge" only');
};

const plainCommand = (typed: string, configFile: string | undefined): Command => {
  switch (typed) {
    case 'start':
    case 'config check':
    case 'key rotate':
      return { name: typed, configFile };
    case 'config example':
      return { name: typed };
    default:
      throw new UsageError(`there is no command "${typed}"; holm --help lists them`);
  }
};

const userCommand = (
  verb: string | undefined,
  names: readonly string[],
  options: { readonly configFile: string | undefined; readonly admin: boolean },
): Command => {
  const known = USER_COMMANDS.find((name) => name === verb);
  if (known === undefined) throw new UsageError(`"holm user" knows ${USER_COMMANDS.join(', ')}`);
  const [user] = names;
  if (user === undefined || names.length > 1) throw new UsageError(`"holm user ${known}" takes one name`);
  return { name: `user ${known}`, user, ...options };
};

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        admin: { type: 'boolean' },
        evict: { type: 'boolean' },
        block: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split('. ');
    throw new UsageError(`${sentence}; holm --help lists the options`, { cause: error });
  }
};
