// `npm test`: set up what is missing, then every test against a PostgreSQL of its own.
// `npm test -- FILE…` runs only these; flags go to mocha as they are (`--flag=value`).
import { delimiter, dirname } from 'node:path';
import { become } from './setup/become.mjs';
import { setUp } from './setup/index.mjs';
import { root } from './setup/root.mjs';

const everything = [
  'spec/**/*.test.ts',
  'homeserver/src/**/*.test.ts',
  'homeserver/scripts/**/*.test.ts',
  'client/src/**/*.test.ts',
  'federation-tests/tests/**/*.test.ts',
  'federation-tests/dev/**/*.test.ts',
];

const args = process.argv.slice(2);
const files = args.some((arg) => !arg.startsWith('-')) ? [] : everything;
const node = await setUp({ client: files.length > 0 });
process.chdir(root);
become(node, [`${root}node_modules/mocha/bin/mocha.js`, ...args, ...files], {
  PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  HOLM_MEDIA_WORKER: 'skip',
});
