import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './root.mjs';
import { npm } from './run.mjs';

/** What goes into the web client's bundle. */
const sources = [
  'client/src',
  'client/rollup',
  'spec/src',
  'client/package.json',
  'client/rollup.config.js',
  'package-lock.json',
];
const built = join(root, 'client/dist');
const marker = join(built, '.built-from');

function* filesUnder(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) yield `${path} ${stat.size} ${stat.mtimeMs}`;
  else for (const name of readdirSync(path).sort()) yield* filesUnder(join(path, name));
}

/** Changes when a source is edited, added or removed, and takes a few milliseconds to find out. */
const fingerprint = () => {
  const hash = createHash('sha256');
  for (const source of sources) for (const file of filesUnder(join(root, source))) hash.update(`${file}\n`);
  return hash.digest('hex');
};

/** Builds the web client unless it has been built from these very sources. */
export const buildClient = async (node) => {
  const now = fingerprint();
  if (existsSync(marker) && readFileSync(marker, 'utf8') === now) return;
  say('building the web client');
  await npm(['run', 'build', '-w', 'client', '--loglevel=error'], { node });
  mkdirSync(built, { recursive: true });
  writeFileSync(marker, now);
};
