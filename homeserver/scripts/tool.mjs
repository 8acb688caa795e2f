// `node tool.mjs FILE [args]`: sets up what is missing and runs FILE, or a program of node_modules/.bin, in the right Node.
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { become } from './setup/become.mjs';
import { setUp } from './setup/index.mjs';
import { root } from './setup/root.mjs';

const [name, ...args] = process.argv.slice(2);
const node = await setUp({ client: false });
const installed = `${root}node_modules/.bin/${name}`;
become(node, [existsSync(installed) ? realpathSync(installed) : resolve(root, name), ...args]);
