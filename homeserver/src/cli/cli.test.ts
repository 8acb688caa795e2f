import { PassThrough, Readable } from 'node:stream';
import { MatrixError } from '@holm/spec/errors';
import { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { exampleConfig } from '../config/print.ts';
import { parseCommand } from './command.ts';
import { readPassword } from './read-password.ts';
import { type AccountsPort, type CliDeps, runCli } from './run.ts';
import { sentenceOf } from './sentence.ts';
import { StartError } from './start-error.ts';

const CONFIG = { HOLM_SERVER_NAME: 'a.test' };

/** Runs a command against accounts that write down what they are asked. */
const holm = async (args: string, more: Partial<CliDeps> = {}) => {
  const said = { out: '', err: '', calls: [] as unknown[] };
  const userIdFor = (name: string) => UserId.parse(`@${name}:a.test`);
  const accounts: AccountsPort = {
    userIdFor,
    createUser: (user) => {
      said.calls.push(['create', user]);
      return Promise.resolve(userIdFor(user.name));
    },
    resetPassword: async (...call) => void said.calls.push(['reset', ...call]),
    makeAdmin: async (userId) => {
      if (userId === '@nobody:a.test') throw new MatrixError('M_NOT_FOUND', 'there is no such account');
      said.calls.push(['admin', userId]);
    },
    [Symbol.asyncDispose]: async () => void said.calls.push('closed'),
  };
  const code = await runCli(args.split(' ').filter(Boolean), {
    version: '1.2.3',
    environment: CONFIG,
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    readPassword: () => Promise.resolve('a password'),
    start: async (config) => void said.calls.push(['start', config.server_name]),
    openAccounts: () => Promise.resolve(accounts),
    ...more,
  });
  return { code, ...said };
};

describe('the command line', () => {
  it('starts, checks and explains', async () => {
    expect(await holm('start')).to.deep.include({ code: 0, calls: [['start', 'a.test']] });
    expect((await holm('config example')).out).to.equal(exampleConfig());
    expect((await holm('config check')).out).to.contain('server_name = "a.test"  (HOLM_SERVER_NAME)');
    expect((await holm('--version')).out).to.equal('1.2.3\n');
    for (const args of ['', '--help', '-h', 'start --help']) {
      expect((await holm(args)).out, args).to.contain('holm user create NAME');
    }
  });

  it('looks after users', async () => {
    const created = await holm('user create bob --admin');
    expect(created).to.deep.include({ code: 0, out: '@bob:a.test can log in now\n' });
    expect(created.calls).to.eql([['create', { name: 'bob', password: 'a password', admin: true }], 'closed']);
    expect((await holm('user reset-password @bob:a.test')).calls[0]).to.eql(['reset', '@bob:a.test', 'a password']);
    expect((await holm('user make-admin bob')).calls[0]).to.eql(['admin', '@bob:a.test']);
  });

  const wrong: [args: string, sentence: RegExp][] = [
    ['strat', /^there is no command "strat"; holm --help lists them\n$/],
    ['start now', /^there is no command "start now"/],
    ['config', /^there is no command "config"/],
    ['user', /^"holm user" knows create, reset-password, make-admin\n$/],
    ['user create', /^"holm user create" takes one name\n$/],
    ['user create a b', /takes one name/],
    ['start --admin', /--admin goes with "user create" only/],
    ['start --prot 1', /^Unknown option '--prot'.*; holm --help lists the options\n$/],
    ['start --config /nowhere.yaml', /^cannot read \/nowhere.yaml: there is no such file\n$/],
    ['user make-admin @bob:b.test', /^@bob:b.test is no user of a.test\n$/],
    ['user make-admin nobody', /^there is no such account\n$/],
  ];
  for (const [args, sentence] of wrong) {
    it(`answers "holm ${args}" with one sentence and code 1`, async () => {
      const { code, err } = await holm(args);
      expect(code).to.equal(1);
      expect(err).to.match(sentence);
    });
  }

  it('closes the accounts when something fails', async () => {
    expect((await holm('user make-admin nobody')).calls).to.eql(['closed']);
  });

  it('has a sentence for what goes wrong at a start, and everything for a bug', () => {
    const coded = (code: string, more: object = {}) => Object.assign(new Error('x'), { code, ...more });
    expect(sentenceOf(coded('28P01'))).to.contain('refuses this user and password');
    const refused = coded('ECONNREFUSED', { address: '127.0.0.1' });
    expect(sentenceOf(new AggregateError([refused]))).to.equal(
      'nobody answers at the address of the database: 127.0.0.1',
    );
    expect(sentenceOf(new StartError('the database is newer than this program'))).to.not.contain('at ');
    expect(sentenceOf(new TypeError('bug'))).to.contain('cli.test.ts');
  });

  it('finds the file with --config', () => {
    expect(parseCommand(['start', '--config', 'x.yaml'])).to.eql({ name: 'start', configFile: 'x.yaml' });
  });

  describe('reads a password', () => {
    it('from what is piped in', async () => {
      const piped = (text: string) => readPassword({ input: Readable.from([text]), prompt: () => undefined });
      expect(await piped('hush hush\nmore')).to.equal('hush hush');
      expect(((await piped('').catch((error: unknown) => error)) as Error).message).to.equal('no password was given');
    });

    const type = async (...keys: string[]) => {
      const modes: boolean[] = [];
      const input = Object.assign(new PassThrough(), {
        isTTY: true as const,
        setRawMode: (raw: boolean) => modes.push(raw),
      });
      let shown = '';
      const pending = readPassword({
        input: input as never,
        prompt: (text) => {
          shown += text;
          const next = keys.shift();
          if (next !== undefined) setImmediate(() => input.write(next));
        },
      }).catch((error: unknown) => (error as Error).message);
      return { result: await pending, shown, modes };
    };

    it('from a terminal, twice and unseen', async () => {
      const { result, shown, modes } = await type('husj\u007fh\r', 'hush\r');
      expect(result).to.equal('hush');
      expect(shown).to.equal('Password: \nOnce more: \n');
      expect(modes).to.eql([true, false, true, false]);
      expect((await type('a\r', 'b\r')).result).to.equal('these are two different passwords');
      expect((await type('a\u0003')).result).to.equal('given up');
    });
  });
});
