import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NOBODY = 65_534;

/**
 * A program that starts the worker as little trusted as it should be. The worker reads what strangers send, in a
 * language that forgives nothing: it gets none of our environment, where secrets may be, and where we are root it runs
 * as nobody. mediasoup itself would pass everything on.
 */
export const writeLauncher = async (folder: string, worker: string, version: string): Promise<string> => {
  const path = join(folder, 'media-worker');
  await mkdir(folder, { recursive: true });
  await writeFile(path, script(worker, version));
  await chmod(path, 0o755);
  return path;
};

// The worker is opened before we stop to be root: nobody may not look into our home folder. 3 and 4 are mediasoup's own.
// In a session of its own, it does not hear Ctrl-C: it is the server that tells it when to stop.
const script = (worker: string, version: string): string => `#!/bin/sh
# Written by the server at its start.
exec 9<${quoted(worker)}
alone=$(command -v setsid)
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1 && [ -e /proc/self/fd/9 ]; then
  exec $alone setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups --no-new-privs \\
    env -i MEDIASOUP_VERSION=${version} \${LD_LIBRARY_PATH:+LD_LIBRARY_PATH="$LD_LIBRARY_PATH"} /proc/self/fd/9 "$@"
fi
exec $alone env -i MEDIASOUP_VERSION=${version} \${LD_LIBRARY_PATH:+LD_LIBRARY_PATH="$LD_LIBRARY_PATH"} ${quoted(worker)} "$@"
`;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
