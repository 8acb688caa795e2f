// `npm run coverage`: how much of the specification is there, by module.
// `npm run coverage -- --open` also lists what is partial, with its notes, and what is not built.
// `npm run coverage -- --sync` brings the ledger up to the contract; the entries it touches are then to be judged.
import { definedEndpoints } from './contract.ts';
import {
  broughtUp,
  disagreements,
  nameOf,
  readLedger,
  STATUSES,
  writeLedger,
  type Entry,
  type Status,
} from './ledger.ts';

const flag = (name: string): boolean => process.argv.includes(`--${name}`);

const mounted = await definedEndpoints();
if (flag('sync')) writeLedger(broughtUp(readLedger(), mounted));
const ledger = readLedger();

const count = (entries: readonly Entry[], status: Status): number =>
  entries.filter((entry) => entry.status === status).length;

const row = (name: string, entries: readonly Entry[]): string =>
  [name.padEnd(36), ...STATUSES.map((status) => String(count(entries, status)).padStart(11)), percent(entries)].join(
    '',
  );

const percent = (entries: readonly Entry[]): string =>
  `${Math.round((100 * count(entries, 'done')) / entries.length)} %`.padStart(8);

for (const [api, ofApi] of Map.groupBy(ledger, ({ api: name }) => name)) {
  console.log(`\n${api.padEnd(36)}${STATUSES.map((status) => status.padStart(11)).join('')}${'done'.padStart(8)}`);
  const modules = Map.groupBy(ofApi, ({ module }) => module);
  for (const [module, entries] of modules) console.log(row(`  ${module}`, entries));
  console.log(row('  together', ofApi));
}
console.log(`\n${row('all', ledger)}`);

if (flag('open')) {
  for (const entry of ledger.filter(({ status }) => status !== 'done')) {
    console.log(`${entry.status.padEnd(10)} ${nameOf(entry)}${entry.note && `: ${entry.note}`}`);
  }
}

const stale = disagreements(ledger, mounted);
for (const sentence of stale) console.error(`stale: ${sentence}`);
process.exitCode = stale.length === 0 ? 0 : 1;
