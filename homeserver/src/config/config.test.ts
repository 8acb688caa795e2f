import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { KEYS } from './keys.ts';
import { configOf, loadConfig } from './load.ts';
import { describeConfig, exampleConfig } from './print.ts';
import { ConfigError, type Environment } from './sources.ts';

describe('configuration', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'holm-config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const load = (yaml: string, environment: Environment = {}) => {
    const file = join(folder, 'holm.yaml');
    writeFileSync(file, yaml);
    return loadConfig(file, environment);
  };
  const problems = (yaml: string, environment: Environment = {}): string[] => {
    try {
      load(yaml, environment);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map((line) => line.replace(`${folder}/`, ''));
      throw error;
    }
    return [];
  };

  it('needs no file', () => {
    const { config } = loadConfig(undefined, {});
    expect(config.server_name).to.equal('localhost');
    expect(config.listeners).to.have.length(1);
    expect(config.listeners[0]).to.include({ port: 8008 });
    expect(config.registration.open).to.equal(false);
    expect(config.database.url).to.equal(undefined);
  });

  it('is frozen all the way down', () => {
    const { config } = load('registration:\n  tokens: [one]\n');
    expect(() => (config.registration.tokens as string[]).push('two')).to.throw(TypeError);
  });

  const wrong: [name: string, yaml: string, problem: string][] = [
    [
      'an unknown key',
      'server_name: a.org\nserver_nam: b.org',
      'holm.yaml:2: unknown key server_nam; did you mean server_name?',
    ],
    [
      'a nested one',
      'database:\n  pool_siez: 3',
      'holm.yaml:2: unknown key database.pool_siez; did you mean pool_size?',
    ],
    ['one like no other', 'weather: good', 'holm.yaml:1: unknown key weather'],
    [
      'one in a list',
      'listeners:\n  - port: 1\n  - porte: 2',
      'holm.yaml:3: unknown key listeners.1.porte; did you mean port?',
    ],
    [
      'a wrong type',
      'log: {}\ndatabase:\n  pool_size: many',
      'holm.yaml:3: database.pool_size is "many"; expected a whole number, at least 1',
    ],
    [
      'a value out of range',
      'listeners:\n  - port: 70000',
      'holm.yaml:2: listeners.0.port is 70000; expected a whole number from 0 to 65535',
    ],
    [
      'text for a flag',
      'federation:\n  enabled: "yes"',
      'holm.yaml:2: federation.enabled is "yes"; expected true or false',
    ],
    [
      'a value that is not offered',
      'log:\n  level: loud',
      'holm.yaml:2: log.level is "loud"; expected one of debug, info, warn, error, silent',
    ],
    [
      'a bad rate',
      'rate_limits:\n  login: often',
      'holm.yaml:2: rate_limits.login is "often"; expected `off`, or `per_second` and `burst`',
    ],
    [
      'a bad server name',
      'server_name: "a b"',
      'holm.yaml:1: server_name is "a b"; expected a server name such as example.org',
    ],
    ['text for a list', 'federation:\n  deny: bad.org', 'holm.yaml:2: federation.deny is "bad.org"; expected a list'],
    [
      'text for a section',
      'database: here',
      'holm.yaml:1: database is "here"; expected a section with url, url_file, pool_size, statement_timeout_ms',
    ],
    ['the same key twice', 'data_dir: a\ndata_dir: b', 'holm.yaml:2: Map keys must be unique'],
    ['no keys at all', '- a', 'holm.yaml: expected keys and values'],
  ];
  for (const [name, yaml, problem] of wrong) {
    it(`reports ${name} with its line`, () => expect(problems(yaml)).to.eql([problem]));
  }

  it('takes a number where the choices look like numbers', () => {
    expect(load('rooms:\n  default_version: 11').config.rooms.default_version).to.equal('11');
    expect(load('{}', { HOLM_ROOMS_DEFAULT_VERSION: '9' }).config.rooms.default_version).to.equal('9');
  });

  it('reports everything at once', () => {
    expect(problems('a: 1\nb: 2')).to.have.length(2);
  });

  it('lets the environment win, with the same checks', () => {
    const environment = {
      HOLM_DATABASE_URL: 'postgres://h/d',
      HOLM_REGISTRATION_TOKENS: '[a, b]',
      HOLM_DATABASE_POOL_SIZE: '7',
      HOLM_RATE_LIMITS_LOGIN: 'off',
      HOLM_FEDERATION_OVERRIDES: '{a.org: "127.0.0.1:1"}',
    };
    const { config, origin } = load('database:\n  pool_size: 3\n', environment);
    expect(config.database).to.deep.include({ url: 'postgres://h/d', pool_size: 7 });
    expect(config.registration.tokens).to.eql(['a', 'b']);
    expect(config.rate_limits.login).to.equal('off');
    expect(config.federation.overrides).to.eql({ 'a.org': '127.0.0.1:1' });
    expect(origin(['database', 'pool_size'])).to.equal('HOLM_DATABASE_POOL_SIZE');
    expect(problems('{}', { HOLM_DATABASE_POOL_SIZE: 'x' })).to.eql([
      'HOLM_DATABASE_POOL_SIZE: database.pool_size is "x"; expected a whole number, at least 1',
    ]);
    expect(problems('{}', { HOLM_SERVER_NAM: 'x' })).to.eql([
      'the environment has HOLM_SERVER_NAM, which is no key; did you mean HOLM_SERVER_NAME?',
    ]);
  });

  it('reads secrets from files', () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'hush\n');
    expect(load(`registration:\n  shared_secret_file: ${file}`).config.registration.shared_secret).to.equal('hush');
    const both = problems(`registration:\n  shared_secret: a\n  shared_secret_file: ${file}`);
    expect(both).to.eql(['holm.yaml:3: registration.shared_secret is given twice, as value and as file']);
    expect(problems('database:\n  url_file: /nowhere')).to.eql(['cannot read /nowhere: there is no such file']);
  });

  it('says which value came from where, without secrets', () => {
    const loaded = load('registration:\n  shared_secret: hush\n', { HOLM_DATABASE_URL: 'postgres://u:pass@h/d' });
    const lines = describeConfig(loaded).replaceAll(`${folder}/`, '').split('\n');
    expect(lines).to.include('registration.shared_secret = ********  (holm.yaml:2)');
    expect(lines).to.include('database.url = postgres://u:********@h/d  (HOLM_DATABASE_URL)');
    expect(lines).to.include('data_dir = "./data"  (default)');
    expect(lines.join()).not.to.contain('hush').and.not.to.contain(':pass@');
  });

  it('gives each key a name of its own in the environment', () => {
    expect(new Set(KEYS.map(({ environment }) => environment)).size).to.equal(KEYS.length);
  });

  it('prints config.example.yaml, and the one in the repository is fresh', () => {
    const inRepository = readFileSync(new URL('../../../config.example.yaml', import.meta.url), 'utf8');
    expect(inRepository, 'run `holm config example > config.example.yaml`').to.equal(exampleConfig());
  });

  it('prints an example that is valid, with every default as it is', () => {
    const yaml = exampleConfig()
      .replaceAll(/^#/gm, '')
      .replaceAll(/^ +\w+_file: .*\/run\/secrets.*\n/gm, '');
    const { config } = load(yaml);
    const defaults = configOf({});
    for (const { path, schema } of KEYS) {
      const pick = (root: unknown) => path.reduce((at, key) => (at as Record<string, unknown>)[key], root);
      const isExample = schema.default === undefined || JSON.stringify(schema.default).length === 2;
      if (!isExample) expect(pick(config), path.join('.')).to.eql(pick(defaults));
    }
    expect(Object.keys(parse(yaml) as object)).to.eql(Object.keys(defaults).length > 0 ? KEYS_AT_TOP : []);
  });

  it('describes every key', () => {
    expect(KEYS.filter(({ schema }) => !schema.description).map(({ name }) => name)).to.eql([]);
  });
});

const KEYS_AT_TOP = [...new Set(KEYS.map(({ path }) => path[0]))];
