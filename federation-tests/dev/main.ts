// `npm run dev`: two homeservers that talk to each other, a user on each, and the web client. What is edited takes
// effect at once: the servers restart, the client is built again and its pages reload. Ctrl-C ends all of it.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child, say } from './child.ts';
import { watchFolders } from './changes.ts';
import { Front } from './front.ts';
import { answering, passwordOf, seed } from './seed.ts';
import { addressOf, configFileOf, TOWNS } from './towns.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort());

await using stack = new AsyncDisposableStack();
const started = async (child: Child): Promise<Child> => {
  child.start();
  stack.defer(() => child.stop());
  return child;
};

await started(
  new Child({ label: 'client', args: [`${root}node_modules/rollup/dist/bin/rollup`, '-c', '--watch'], cwd: `${root}client` }),
);
const servers = await Promise.all(
  TOWNS.map((town) => {
    const file = configFileOf(town, `${root}data/dev`);
    const args = [`${root}homeserver/src/main.ts`, 'start', '--config', file];
    return started(new Child({ label: town.user, args, cwd: root }));
  }),
);
const fronts = await Promise.all(TOWNS.map(({ port, serverPort }) => Front.open(port, serverPort)));
stack.defer(async () => void (await Promise.all(fronts.map((front) => front.close()))));

const isSource = (file: string) => file.endsWith('.ts') && !file.endsWith('.test.ts');
stack.use(
  watchFolders([`${root}homeserver/src`, `${root}spec/src`], isSource, () => {
    say('dev', 'restarting the servers');
    for (const server of servers) void server.restart();
  }),
);
