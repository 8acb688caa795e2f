import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));
const config = join(root, '.dependency-cruiser.cjs');

interface Rules {
  readonly forbidden: readonly { readonly name: string }[];
}

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

/** Per rule one file that breaks it: where it stands and what it imports. */
const seeded: Readonly<Record<string, readonly [file: string, imported: string]>> = {
  'no cycles': ['homeserver/src/platform/circle-a.ts', './circle-b.ts'],
  'homeserver: core imports only []': ['homeserver/src/core/bad.ts', '../platform/ok.ts'],
  'homeserver: platform imports only []': ['homeserver/src/platform/bad.ts', '../core/ok.ts'],
  'homeserver: config imports only [platform]': ['homeserver/src/config/bad.ts', '../storage/ok.ts'],
  'homeserver: storage imports only [platform]': ['homeserver/src/storage/bad.ts', '../core/ok.ts'],
  'homeserver: streams imports only [storage, platform]': ['homeserver/src/streams/bad.ts', '@holm/homeserver/core/ok'],
  'homeserver: http imports only [platform]': ['homeserver/src/http/bad.ts', '../storage/ok.ts'],
  'homeserver: federation imports only [http, streams, storage, core, platform, config]': [
    'homeserver/src/federation/bad.ts',
    '../rooms/ok.ts',
  ],
  'homeserver: rooms imports only [federation, streams, storage, core, platform, config]': [
    'homeserver/src/rooms/bad.ts',
    '../http/ok.ts',
  ],
  'homeserver: features imports only [rooms, federation, http, streams, storage, core, platform, config]': [
    'homeserver/src/features/one/bad.service.ts',
    '../../compose.ts',
  ],
  'client: reactive imports only []': ['client/src/reactive/bad.ts', '../platform/ok.ts'],
  'client: platform imports only [reactive]': ['client/src/platform/bad.ts', '../sdk/ok.ts'],
  'client: sdk imports only [platform, reactive]': ['client/src/sdk/bad.ts', '../models/ok.ts'],
  'client: models imports only [sdk, platform, reactive]': ['client/src/models/bad.ts', '../elements/ok.ts'],
  'client: i18n imports only []': ['client/src/i18n/bad.ts', '../platform/ok.ts'],
  'client: styles imports only []': ['client/src/styles/bad.ts', '../i18n/ok.ts'],
  'client: elements imports only [i18n, styles]': ['client/src/elements/bad.ts', '../models/ok.ts'],
  'client: screens imports only [models, elements, i18n, styles, platform, reactive]': [
    'client/src/screens/bad.ts',
    '../sdk/ok.ts',
  ],
  'spec stands alone': ['spec/src/bad.ts', '@holm/homeserver/core/ok'],
  'spec does no I/O': ['spec/src/reads.ts', 'node:fs'],
  'server and client meet only in spec': ['homeserver/src/compose-badly.ts', '@holm/client/reactive/ok'],
  'client and server meet only in spec': ['client/src/main.ts', '@holm/homeserver/core/ok'],
  'core does no I/O': ['homeserver/src/core/reads.ts', 'node:fs'],
  'a feature is entered by its index': ['homeserver/src/compose-inside.ts', './features/one/one.service.ts'],
  'a feature enters another by its index': ['homeserver/src/features/two/two.service.ts', '../one/one.service.ts'],
  'routes go through the service': ['homeserver/src/features/one/one.routes.ts', './one.store.ts'],
  'stores know only rows': ['homeserver/src/features/two/two.store.ts', '@holm/spec/errors'],
  'stores speak to nobody': ['homeserver/src/features/two/sends.store.ts', '../../federation/ok.ts'],
  'a plain feature file is pure': ['homeserver/src/features/one/plain.ts', '../../storage/ok.ts'],
  'koa is used only in homeserver/src/http/': ['homeserver/src/rooms/koa.ts', 'koa'],
  'the database driver is used only in homeserver/src/storage/': ['homeserver/src/rooms/database.ts', 'typeorm'],
  'undici is used only in homeserver/src/(federation|platform)/': ['homeserver/src/rooms/undici.ts', 'undici'],
  'mediasoup is used only in homeserver/src/features/calls/': ['homeserver/src/rooms/mediasoup.ts', 'mediasoup'],
  'ws is used only in homeserver/src/http/': ['homeserver/src/rooms/ws.ts', 'ws'],
  'htmlparser2 is used only in homeserver/src/features/url-previews/': ['homeserver/src/rooms/html.ts', 'htmlparser2'],
  'sharp is used only in homeserver/src/features/media/pictures/': ['homeserver/src/rooms/sharp.ts', 'sharp'],
  'node-cron is used only in homeserver/src/platform/': ['homeserver/src/rooms/cron.ts', 'node-cron'],
  'lit is used only in client/src/(elements|screens)/': ['client/src/models/lit.ts', 'lit'],
  'matrix-js-sdk is used only in client/src/sdk/': ['client/src/models/sdk.ts', 'matrix-js-sdk'],
  'shipped code does not import test code': ['homeserver/src/rooms/tested.ts', '../testing/ok.ts'],
  'everything resolves': ['homeserver/src/rooms/lost.ts', './nowhere.ts'],
};

/** What the rules must let through: files with what they import. */
const lawful: Readonly<Record<string, readonly string[]>> = {
  'spec/src/errors.ts': [],
  'spec/src/ids.ts': ['@sinclair/typebox'],
  'homeserver/src/core/ok.ts': ['@holm/spec/ids', 'node:crypto', 'tweetnacl'],
  'homeserver/src/core/ok.test.ts': ['../testing/ok.ts', 'node:fs'],
  'homeserver/src/platform/ok.ts': ['@holm/spec/errors', 'undici', 'node-cron'],
  'homeserver/src/platform/circle-b.ts': ['./circle-a.ts'],
  'homeserver/src/config/ok.ts': ['../platform/ok.ts', 'node:fs'],
  'homeserver/src/storage/ok.ts': ['../platform/ok.ts', 'pg', 'typeorm'],
  'homeserver/src/streams/ok.ts': ['../storage/ok.ts', '../platform/ok.ts'],
  'homeserver/src/http/ok.ts': ['../platform/ok.ts', 'koa', '@koa/router'],
  'homeserver/src/federation/keyring/keys.store.ts': ['./keys.ts', '../../storage/ok.ts'],
  'homeserver/src/federation/keyring/keys.ts': [],
  'homeserver/src/federation/ok.ts': ['../http/ok.ts', '../core/ok.ts', '../config/ok.ts', 'undici'],
  'homeserver/src/rooms/ok.ts': ['../federation/ok.ts', '../streams/ok.ts', '../storage/ok.ts'],
  'homeserver/src/features/one/index.ts': ['./one.service.ts'],
  'homeserver/src/features/one/one.service.ts': ['./one.store.ts', '../../rooms/ok.ts', '../../platform/ok.ts'],
  'homeserver/src/features/one/one.store.ts': ['../../storage/ok.ts'],
  'homeserver/src/features/two/two.routes.ts': ['../../http/ok.ts', './two.jobs.ts', '@holm/spec/errors'],
  'homeserver/src/features/two/two.jobs.ts': ['../one/index.ts'],
  'homeserver/src/features/calls/index.ts': ['mediasoup'],
  'homeserver/src/testing/ok.ts': ['../storage/ok.ts', 'pg'],
  'homeserver/src/compose.ts': ['./features/one/index.ts', './rooms/ok.ts'],
  'client/src/reactive/ok.ts': ['@holm/spec/ids'],
  'client/src/platform/ok.ts': ['../reactive/ok.ts'],
  'client/src/sdk/ok.ts': ['../platform/ok.ts', 'matrix-js-sdk'],
  'client/src/models/ok.ts': ['../sdk/ok.ts', '../reactive/ok.ts'],
  'client/src/i18n/ok.ts': [],
  'client/src/styles/ok.ts': [],
  'client/src/elements/ok.ts': ['lit', '../i18n/ok.ts', '../styles/ok.ts'],
  'client/src/screens/ok.ts': ['../models/ok.ts', '../elements/ok.ts', '../i18n/ok.ts', 'lit'],
};

/** A tree in the shape of ours, with our packages and settings, outside the real one. */
const plantTree = (): string => {
  const tree = realpathSync(mkdtempSync(join(tmpdir(), 'holm-layers-')));
  const plant = (file: string, imported: readonly string[]) => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    const lines = imported.map((each, index) => `import type * as i${index} from '${each}';`);
    writeFileSync(join(tree, file), `${lines.join('\n')}\nexport const here = true;\n`);
  };
  for (const [file, imported] of Object.entries(lawful)) plant(file, imported);
  for (const [file, imported] of Object.values(seeded)) plant(file, [imported]);
  mkdirSync(join(tree, 'node_modules/@holm'), { recursive: true });
  for (const workspace of ['spec', 'homeserver', 'client']) {
    copyFileSync(join(root, workspace, 'package.json'), join(tree, workspace, 'package.json'));
    symlinkSync(join('../..', workspace), join(tree, 'node_modules/@holm', workspace));
  }
  const packages = [
    'koa',
    'pg',
    'typeorm',
    'undici',
    'mediasoup',
    'ws',
    'node-cron',
    'sharp',
    'htmlparser2',
    'lit',
    'matrix-js-sdk',
    'tweetnacl',
  ];
  for (const name of [...packages, '@koa', '@sinclair']) {
    symlinkSync(join(root, 'node_modules', name), join(tree, 'node_modules', name));
  }
  copyFileSync(join(root, 'tsconfig.json'), join(tree, 'tsconfig.json'));
  return tree;
};

const cruise = (tree: string): Report => {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = ['--config', config, '--output-type', 'json', 'spec', 'homeserver', 'client'];
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  expect(stderr).to.equal('');
  return JSON.parse(stdout) as Report;
};

describe('the lint of the layers', () => {
  const rules = createRequire(import.meta.url)(config) as Rules;
  let caught: ReadonlySet<string>;

  before(function () {
    this.timeout(60_000);
    const tree = plantTree();
    caught = new Set(cruise(tree).summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`));
    rmSync(tree, { recursive: true });
  });

  it('has a seeded violation for every rule', () => {
    expect(Object.keys(seeded)).to.have.members(rules.forbidden.map(({ name }) => name));
  });

  for (const [rule, [file, imported]] of Object.entries(seeded)) {
    it(`catches ${file} importing ${imported}: ${rule}`, () => {
      expect([...caught]).to.include(`${file}: ${rule}`);
    });
  }

  it('lets everything through that the layers allow', () => {
    const innocent = Object.keys(lawful).filter((file) => !file.includes('/circle-'));
    expect([...caught].filter((each) => innocent.includes(each.split(': ')[0] ?? ''))).to.deep.equal([]);
  });
});
