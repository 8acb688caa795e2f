import { PassThrough, Readable } from 'node:stream';
import { MatrixError } from '@holm/spec/errors';
import { type RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { exampleConfig } from '../config/print.ts';
import { parseCommand } from './command.ts';
import { readPassword } from './read-password.ts';
import { type AccountsPort, type CliDeps, runCli } from './run.ts';
import type { RoomsPort } from './run-room.ts';
import { sentenceOf } from './sentence.ts';
import { StartError } from './start-error.ts';

const CONFIG = { HOLM_SERVER_NAME: 'a.test' };

const ROOM = {
  roomId: '!hall:a.test' as RoomId,
  version: '12',
  name: 'The\u001b[2J hall',
  joined: 3,
  local: 1,
  extremities: 1,
  hold: { kind: 'blocked', reason: undefined },
};

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
  const note =
    (name: string) =>
    async (...call: unknown[]) =>
      void said.calls.push([name, ...call]);
  const rooms: RoomsPort = {
    list: async ({ from = 0, search }) => {
      said.calls.push(['list', from, search]);
      return from === 0
        ? { rooms: [ROOM], next: 7 }
        : { rooms: [{ ...ROOM, name: undefined, hold: undefined }], next: undefined };
    },
    details: async (room) => {
      if (room !== ROOM.roomId) throw new MatrixError('M_NOT_FOUND', 'this server does not know that room');
      const size = { servers: 2, events: 30, bytes: 4_000, state: 5 };
      return {
        summary: ROOM,
        size,
        aliases: ['#hall:a.test'],
        jobs: [{ kind: 'purge room', state: 'failed', error: 'x' }],
      };
    },
    hold: note('hold'),
    lift: note('lift'),
    deleteRoom: async (...call) => {
      said.calls.push(['delete', ...call]);
      return { id: 9 };
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
    rotateKey: async (config) => {
      said.calls.push(['rotate', config.server_name]);
      return Promise.resolve({ from: 'ed25519:old', to: 'ed25519:new' });
    },
    openAccounts: () => Promise.resolve(accounts),
    openRooms: () => Promise.resolve(rooms),
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

  it('gives the server a new key, and says when it is used', async () => {
    const { code, out, calls } = await holm('key rotate');
    expect([code, calls]).to.eql([0, [['rotate', 'a.test']]]);
    expect(out).to.match(/^ed25519:new takes the place of ed25519:old. Restart the server/);
    const none = () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }));
    const { code: failed, err } = await holm('key rotate', { rotateKey: none });
    expect([failed, err]).to.eql([1, 'there is no signing key yet: the first start makes one\n']);
  });

  it('looks after users', async () => {
    const created = await holm('user create bob --admin');
    expect(created).to.deep.include({ code: 0, out: '@bob:a.test can log in now\n' });
    expect(created.calls).to.eql([['create', { name: 'bob', password: 'a password', admin: true }], 'closed']);
    expect((await holm('user reset-password @bob:a.test')).calls[0]).to.eql(['reset', '@bob:a.test', 'a password']);
    expect((await holm('user make-admin bob')).calls[0]).to.eql(['admin', '@bob:a.test']);
  });

  it('looks after rooms', async () => {
    const list = await holm('room list the hall');
    expect(list.out).to.equal(
      '!hall:a.test  3 joined, 1 here  blocked  The [2J hall\n!hall:a.test  3 joined, 1 here\n',
    );
    expect(list.calls).to.eql([['list', 0, 'the hall'], ['list', 7, 'the hall'], 'closed']);
    const shown = await holm('room show !hall:a.test');
    for (const text of ['30, 4000 bytes', '3 of 2 servers, 1 here', '#hall:a.test', 'purge room: failed, x']) {
      expect(shown.out).to.include(text);
    }
    expect(shown.out).not.to.include('\u001b');
    const by = 'the command line';
    const how = { evict: true, block: false, reason: undefined };
    const purged = await holm('room purge !hall:a.test --evict');
    expect([purged.out.startsWith('job 9 '), purged.calls[0]]).to.eql([true, ['delete', ROOM.roomId, how, by]]);
    const hold = { roomId: ROOM.roomId, readable: true, reason: undefined };
    expect((await holm('room block !hall:a.test')).calls[0]).to.eql(['hold', { ...hold, kind: 'blocked' }, by]);
    expect((await holm('room quarantine !hall:a.test')).calls[0]).to.eql([
      'hold',
      { ...hold, kind: 'quarantined' },
      by,
    ]);
    expect((await holm('room release !hall:a.test')).calls).to.eql([['lift', ROOM.roomId], 'closed']);
  });

  const wrong: [args: string, sentence: RegExp][] = [
    ['strat', /^there is no command "strat"; holm --help lists them\n$/],
    ['start now', /^there is no command "start now"/],
    ['config', /^there is no command "config"/],
    ['user', /^"holm user" knows create, reset-password, make-admin\n$/],
    ['user create', /^"holm user create" takes one name\n$/],
    ['user create a b', /takes one name/],
    ['start --admin', /--admin goes with "user create" only/],
    ['room', /^"holm room" knows list, show, purge, block, quarantine, release\n$/],
    ['room show', /^"holm room show" takes one room\n$/],
    ['room purge #hall:a.test', /^#hall:a.test is no id of a room/],
    ['room show !other:a.test', /^this server does not know that room\n$/],
    ['room show !hall:a.test --evict', /^--evict and --block go with "room purge" only\n$/],
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
