import { setImmediate } from 'node:timers/promises';
import { ServerName, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { FederationError } from '../../federation/client/federation-error.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { type Asked, RemoteKeyServers } from './remote-keys.service.ts';

const AWAY = 'away.test';
const SILENT = 'silent.test';
const BROKEN = 'broken.test';

/** Servers that answer, one that says no, and those that say nothing for as long as the call may take. */
const serversOf = (clock: ManualClock) => {
  const calls: { readonly server: string; readonly timeoutMs: number }[] = [];
  const call = async (server: ServerName, _: unknown, { timeoutMs }: { timeoutMs: number }): Promise<object> => {
    calls.push({ server, timeoutMs });
    if (server === BROKEN) await clock.sleep(1_500);
    if (server === BROKEN) throw new TypeError('expected: a bug of ours');
    if (server === AWAY) throw new FederationError('unreachable', server);
    if (!server.includes(SILENT)) return { device_keys: {}, one_time_keys: { [`@user:${server}`]: { A: {} } } };
    await clock.sleep(4 * timeoutMs); // the name is not found either
    throw new FederationError('unreachable', server);
  };
  return { calls, servers: new RemoteKeyServers({ client: { call: call as never }, clock }) };
};

const wanted = (...servers: readonly string[]) =>
  new Map(servers.map((server) => [UserId.parse(`@user:${server}`), []] as const));

describe('keys that other servers are asked for', () => {
  let clock: ManualClock;
  beforeEach(() => (clock = new ManualClock()));

  /** What it has come to once so much time has passed, if it has. */
  const after = async (ms: number, asked: Promise<Asked<unknown>>): Promise<Asked<unknown> | undefined> => {
    await setImmediate();
    clock.advance(ms);
    return Promise.race([asked, setImmediate(undefined)]);
  };

  for (const operation of ['query', 'claim'] as const) {
    const ask = (
      servers: RemoteKeyServers,
      timeoutMs: number | undefined,
      ...names: readonly string[]
    ): Promise<Asked<unknown>> =>
      operation === 'query'
        ? servers.query(wanted(...names), timeoutMs)
        : servers.claim(new Map([...wanted(...names).keys()].map((user) => [user, { A: 'x' }])), timeoutMs);

    it(`in a ${operation} are there at once where all answer`, async () => {
      const { servers } = serversOf(clock);
      const { answers, failures } = await ask(servers, 3_000, 'b.test', AWAY);
      expect(answers).to.have.length(1);
      expect(Object.keys(failures)).to.eql([AWAY]);
      expect(clock.asleep).to.equal(0);
    });

    it(`in a ${operation} are waited for so long as the client says, however many servers are silent`, async () => {
      const { calls, servers } = serversOf(clock);
      const silent = Array.from({ length: 50 }, (_, n) => `${n}.${SILENT}`);
      const asked = ask(servers, 3_000, 'b.test', ...silent);
      expect(await after(2_999, asked)).to.equal(undefined);
      const result = await after(1, asked);
      expect(result?.answers).to.have.length(1);
      expect(Object.keys(result?.failures ?? {})).to.have.members(silent);
      // The servers are not taken for unreachable because of a client without patience.
      expect(calls.every(({ timeoutMs }) => timeoutMs === 10_000)).to.equal(true);
      clock.advance(60_000);
      await setImmediate();
      expect([result?.answers.length, calls.length]).to.eql([1, 51]);
    });

    it(`in a ${operation} are heard of those that wait behind silent ones`, async () => {
      const { calls, servers } = serversOf(clock);
      const silent = Array.from({ length: 500 }, (_, n) => `${n}.${SILENT}`);
      const asked = ask(servers, 20_000, ...silent.slice(0, 40), 'b.test', ...silent.slice(40));
      for (let second = 0; second < 19; second++) await after(1_000, asked);
      const result = await after(1_000, asked);
      expect(result?.answers).to.have.length(1);
      // They are not asked without end.
      expect(calls.length).to.be.within(300, 331);
    });

    it(`in a ${operation} are not taken for missing where the fault is ours`, async () => {
      const { servers } = serversOf(clock);
      const asked = ask(servers, 20_000, BROKEN, ...Array.from({ length: 40 }, (_, n) => `${n}.${SILENT}`));
      const said = asked.catch((error: unknown) => error);
      for (let i = 0; i < 6; i++)
        await after(
          500,
          asked.catch(() => ({ answers: [], failures: {} })),
        );
      expect(await Promise.race([said, setImmediate('nothing')])).to.be.instanceOf(TypeError);
    });

    it(`in a ${operation} are waited for ten seconds where it does not, and a minute at most`, async () => {
      const { servers } = serversOf(clock);
      const asked = ask(servers, undefined, SILENT);
      expect(await after(9_999, asked)).to.equal(undefined);
      expect(await after(1, asked)).to.not.equal(undefined);
      const patient = ask(servers, 600_000, SILENT);
      expect(await after(59_999, patient)).to.equal(undefined);
      expect(await after(1, patient)).to.not.equal(undefined);
    });
  }
});
