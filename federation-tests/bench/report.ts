import { cpus, loadavg, release, totalmem } from 'node:os';

/** Prints one line of the table, as soon as it is known. */
export const row = (what: string, value: string): void => {
  console.log(`| ${what.padEnd(58)} | ${value.padEnd(28)} |`);
};

export const header = (): void => {
  row('measure', 'value');
  console.log(`|${'-'.repeat(60)}|${'-'.repeat(30)}|`);
};

export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
export const rate = (value: number): string => `${Math.round(value).toLocaleString('en')} /s`;
export const mb = (value: number): string => `${value.toFixed(0)} MB`;

export const describeMachine = (postgres: string): void => {
  const [cpu] = cpus();
  console.log(
    `Machine: ${cpu?.model.trim()}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GB, Linux ${release()}`,
  );
  console.log(`Node ${process.versions.node}; PostgreSQL ${postgres}; ${new Date().toISOString().slice(0, 16)} UTC`);
  console.log(`Server, database and driver share the cores; load average before: ${loadavg()[0]?.toFixed(1)}\n`);
};
