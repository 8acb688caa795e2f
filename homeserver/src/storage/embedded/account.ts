import { spawnSync } from 'node:child_process';

/** The system account that PostgreSQL runs under when we are root, as which it refuses to run. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'holm';

/** `useradd` of most Linux systems, `adduser` of the small ones. */
const waysToAdd: readonly (readonly [string, ...string[]])[] = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME],
  ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', NAME],
];

/** Undefined when we are not root: PostgreSQL then runs as whoever we are. */
export const postgresAccount = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const existing = lookUp(NAME);
  if (existing !== undefined) return existing;
  for (const [command, ...args] of waysToAdd) {
    spawnSync(command, args);
    // Whether ours or that of a server which starts at the same time succeeded is the same to us.
    const added = lookUp(NAME);
    if (added !== undefined) return added;
  }
  const fallback = lookUp('postgres') ?? lookUp('nobody');
  if (fallback !== undefined) return fallback;
  throw new Error(
    `PostgreSQL refuses to run as root and no account "${NAME}" could be added; start Holm as another user or set database.url`,
  );
};

const lookUp = (name: string): Account | undefined => {
  const [uid, gid] = ['-u', '-g'].map((what) => {
    const { status, stdout } = spawnSync('id', [what, name], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : undefined;
  });
  return uid === undefined || gid === undefined ? undefined : { name, uid, gid };
};

/** Whether the account may pass through a folder and all folders above it. */
export const mayEnter = (folder: string, { uid, gid }: Account): boolean =>
  spawnSync('test', ['-x', folder], { uid, gid, cwd: '/' }).status === 0;
