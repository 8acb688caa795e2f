// `npm run dev`: two homeservers that talk to each other, a user on each, and the web client. What is edited takes
// effect at once: the servers restart, the client is built again and its pages reload. Ctrl-C ends all of it.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child, say } from './child.ts';
import { watchFolders } from './changes.ts';
import { Front } from './front.ts';
import { answering, passwordOf, seed } from './seed.ts';
import { addressOf, configFileOf, TOWNS } from './towns.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

// npm passes on what the terminal has told us already: the second of two signals must not cut the first one's work short.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());

await using stack = new AsyncDisposableStack();
const started = (child: Child): Child => {
  void child.restart();
  stack.defer(() => child.close());
  return child;
};

started(
  new Child({
    label: 'client',
    args: [`${root}node_modules/rollup/dist/bin/rollup`, '-c', '--watch'],
    cwd: `${root}client`,
  }),
);
const servers = TOWNS.map((town) => {
  const file = configFileOf(town, `${root}data/dev`);
  const args = [`${root}homeserver/src/main.ts`, 'start', '--config', file];
  return started(new Child({ label: town.user, args, cwd: root }));
});
const fronts = await Promise.all(TOWNS.map(({ port, serverPort }) => Front.open(port, serverPort)));
for (const front of fronts) stack.defer(() => front.close());

const isSource = (file: string) => file.endsWith('.ts') && !file.endsWith('.test.ts');
stack.use(
  watchFolders([`${root}homeserver/src`, `${root}spec/src`], isSource, () => {
    say('dev', 'restarting the servers');
    for (const server of servers) void server.restart();
  }),
);

// The build of the client is all there once its page is, which rollup writes last.
const build = `${root}client/dist`;
while (!existsSync(build) && !stop.signal.aborted) await pause(100);
stack.use(
  watchFolders(
    [build],
    (file) => file === 'index.html',
    () => {
      for (const front of fronts) front.reload();
    },
  ),
);

const [north, south] = TOWNS;
try {
  await Promise.all(TOWNS.map((town) => answering(town, stop.signal)));
  const alias = await seed(north, south);
  for (const town of TOWNS) {
    say(
      'dev',
      `${addressOf(town)}   log in as ${town.user} with the password ${passwordOf(town)}   (${town.serverName})`,
    );
  }
  say('dev', `Both are in ${alias}. Edit away; Ctrl-C ends everything.`);
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
if (!stop.signal.aborted) await once(stop.signal, 'abort');
say('dev', 'stopping');
