// `npm run crash -- --times 50`: kills a server at random moments under load and looks for what it has forgotten.
//
// The server runs its own PostgreSQL with its usual settings, so what is acknowledged is on the disk. Every second time
// PostgreSQL is killed, too, and has to repair itself.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort, ServerProcess } from '../src/process.ts';
import { crash } from './crash.ts';
import { crashSettings } from './settings.ts';

const { values } = parseArgs({ options: { times: { type: 'string', default: '50' } } });
const times = Number(values.times);

await using server = new ServerProcess({ name: 'crash.test', port: await freePort(), config: crashSettings });
const home = () => JSON.parse(readFileSync(join(server.folder, 'postgres.json'), 'utf8'));

const killPostgres = (): void => {
  if (!existsSync(join(server.folder, 'postgres.json'))) return;
  const file = join(home().folder, 'data', 'postmaster.pid');
  if (!existsSync(file)) return;
  const [pid] = readFileSync(file, 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');
};

// A server that does not come back leaves its PostgreSQL running.
process.once('exit', killPostgres);

const { acknowledged, faults, kills, repeated, restartSeconds } = await crash({
  server,
  times,
  databaseUrl: () => `postgres://holm:${home().password}@127.0.0.1:${home().port}/postgres`,
  onKill: async (kill) => {
    if (kill % 2 === 0) killPostgres();
  },
  report: console.log,
});

const sorted = restartSeconds.toSorted((a, b) => a - b);
const at = (share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2);
for (const fault of faults) console.log(fault);
console.log(`
kills                ${kills}, of which ${Math.floor(kills / 2)} with PostgreSQL
acknowledged events  ${acknowledged}
repeated sends       ${repeated}
faults               ${faults.length}
restart seconds      ${at(0.5)} median, ${at(1)} most`);
process.exitCode = faults.length === 0 ? 0 : 1;
