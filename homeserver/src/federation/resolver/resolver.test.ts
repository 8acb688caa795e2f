import { expect } from 'chai';
import { ServerName } from '@holm/spec/ids';
import { silentLog } from '../../platform/log.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import { Resolver } from './resolver.ts';
import type { SrvRecord } from './srv.ts';

interface World {
  readonly delegates?: Record<string, string>;
  readonly srv?: Record<string, readonly SrvRecord[]>;
  readonly overrides?: Record<string, string>;
  readonly srvFails?: boolean;
  /** What has been looked up. */
  readonly asked?: string[];
}

const resolverIn = (
  { delegates = {}, srv = {}, overrides = {}, srvFails = false, asked = [] }: World,
  clock = new ManualClock(),
) =>
  new Resolver({
    settings: {
      overrides: new Map(Object.entries(overrides).map(([name, to]) => [ServerName.parse(name), to])),
    },
    dns: {
      srv: (name) => {
        asked.push(name);
        return srvFails ? Promise.reject(new Error('SERVFAIL')) : Promise.resolve(srv[name] ?? []);
      },
      addresses: () => Promise.reject(new Error('not for the resolver')),
    },
    wellKnown: {
      delegateOf: (host) => {
        asked.push(`well-known of ${host}`);
        const to = delegates[host];
        return Promise.resolve(to === undefined ? undefined : ServerName.parse(to));
      },
    },
    clock,
    entropy: seededEntropy('resolver'),
    log: silentLog,
  });

const record = (name: string, port: number, priority = 0, weight = 0): SrvRecord => ({ name, port, priority, weight });

const FED_B = '_matrix-fed._tcp.b.example';
const OLD_B = '_matrix._tcp.b.example';
const FED_A = '_matrix-fed._tcp.a.example';
const OLD_A = '_matrix._tcp.a.example';
const toB = { 'a.example': 'b.example' };

/** What is asked on the way, in its order. Nothing else may be: a rule that applies ends the search. */
const WELL_KNOWN = 'well-known of a.example';

// The specification's steps, one by one: [step, name, world, where, Host header, name in the certificate, what is asked].
const steps: readonly (readonly [string, string, World, string, string, string, ...string[]])[] = [
  ['1: an address', '1.2.3.4', {}, 'https 1.2.3.4 8448', '1.2.3.4', '1.2.3.4'],
  ['1: an address and port', '1.2.3.4:1', {}, 'https 1.2.3.4 1', '1.2.3.4:1', '1.2.3.4'],
  ['1: an IPv6 address', '[::1]', {}, 'https ::1 8448', '[::1]', '::1'],
  ['1: an IPv6 address and port', '[::1]:1', {}, 'https ::1 1', '[::1]:1', '::1'],
  ['1: an address, although a file says otherwise', '1.2.3.4', { delegates: { '1.2.3.4': 'b.example' } }, 'https 1.2.3.4 8448', '1.2.3.4', '1.2.3.4'],
  ['2: a port', 'a.example:80', {}, 'https a.example 80', 'a.example:80', 'a.example'],
  ['2: a port, although a file and a record say otherwise', 'a.example:80', { delegates: toB, srv: { [FED_A]: [record('c.example', 5)] } }, 'https a.example 80', 'a.example:80', 'a.example'],
  ['2: the default port, written out', 'a.example:8448', { delegates: toB }, 'https a.example 8448', 'a.example:8448', 'a.example'],
  ['3.1: to an address', 'a.example', { delegates: { 'a.example': '1.2.3.4' } }, 'https 1.2.3.4 8448', '1.2.3.4', '1.2.3.4', WELL_KNOWN],
  ['3.1: to an address and port', 'a.example', { delegates: { 'a.example': '1.2.3.4:5' } }, 'https 1.2.3.4 5', '1.2.3.4:5', '1.2.3.4', WELL_KNOWN],
  ['3.1: to an IPv6 address', 'a.example', { delegates: { 'a.example': '[2001:db8::1]' } }, 'https 2001:db8::1 8448', '[2001:db8::1]', '2001:db8::1', WELL_KNOWN],
  ['3.1: to an IPv6 address and port', 'a.example', { delegates: { 'a.example': '[2001:db8::1]:5' } }, 'https 2001:db8::1 5', '[2001:db8::1]:5', '2001:db8::1', WELL_KNOWN],
  ['3.2: to a port', 'a.example', { delegates: { 'a.example': 'b.example:5' } }, 'https b.example 5', 'b.example:5', 'b.example', WELL_KNOWN],
  ['3.2: to a port, although a record says otherwise', 'a.example', { delegates: { 'a.example': 'b.example:5' }, srv: { [FED_B]: [record('c.example', 6)] } }, 'https b.example 5', 'b.example:5', 'b.example', WELL_KNOWN],
  ['3.3: to a name with SRV', 'a.example', { delegates: toB, srv: { [FED_B]: [record('c.example', 5)] } }, 'https c.example 5', 'b.example', 'b.example', WELL_KNOWN, FED_B],
  ['3.3: to a name with SRV of both kinds', 'a.example', { delegates: toB, srv: { [FED_B]: [record('c.example', 5)], [OLD_B]: [record('d.example', 6)] } }, 'https c.example 5', 'b.example', 'b.example', WELL_KNOWN, FED_B],
  ['3.4: to a name with the deprecated SRV', 'a.example', { delegates: toB, srv: { [OLD_B]: [record('c.example.', 5)] } }, 'https c.example 5', 'b.example', 'b.example', WELL_KNOWN, FED_B, OLD_B],
  ['3.5: to a bare name', 'a.example', { delegates: toB }, 'https b.example 8448', 'b.example', 'b.example', WELL_KNOWN, FED_B, OLD_B],
  ['3.5: to a name that has a file, too, which is not asked for', 'a.example', { delegates: { ...toB, 'b.example': 'c.example:1' } }, 'https b.example 8448', 'b.example', 'b.example', WELL_KNOWN, FED_B, OLD_B],
  ['3.5: to itself', 'a.example', { delegates: { 'a.example': 'a.example' } }, 'https a.example 8448', 'a.example', 'a.example', WELL_KNOWN, FED_A, OLD_A],
  ['4: SRV', 'a.example', { srv: { [FED_A]: [record('c.example', 5)] } }, 'https c.example 5', 'a.example', 'a.example', WELL_KNOWN, FED_A],
  ['4: SRV, the new name first', 'a.example', { srv: { [FED_A]: [record('new.example', 1)], [OLD_A]: [record('old.example', 2)] } }, 'https new.example 1', 'a.example', 'a.example', WELL_KNOWN, FED_A],
  ['4: SRV without a port', 'a.example', { srv: { [FED_A]: [record('c.example', 0)] } }, 'https c.example 8448', 'a.example', 'a.example', WELL_KNOWN, FED_A],
  ['4: a service that is not there', 'a.example', { srv: { [FED_A]: [record('.', 0)] } }, 'https a.example 8448', 'a.example', 'a.example', WELL_KNOWN, FED_A, OLD_A],
  ['5: the deprecated SRV', 'a.example', { srv: { [OLD_A]: [record('c.example', 5)] } }, 'https c.example 5', 'a.example', 'a.example', WELL_KNOWN, FED_A, OLD_A],
  ['6: a bare name', 'a.example', {}, 'https a.example 8448', 'a.example', 'a.example', WELL_KNOWN, FED_A, OLD_A],
  ['6: no name server', 'a.example', { srvFails: true }, 'https a.example 8448', 'a.example', 'a.example', WELL_KNOWN, FED_A, OLD_A],
  ['an override', 'a.example', { overrides: { 'a.example': '127.0.0.1:9' }, delegates: toB }, 'https 127.0.0.1 9', 'a.example', 'a.example'],
  ['an override without a port', 'a.example', { overrides: { 'a.example': 'b.example' } }, 'https b.example 8448', 'a.example', 'a.example'],
  ['an override to 443', 'a.example', { overrides: { 'a.example': 'b.example:443' } }, 'https b.example 443', 'a.example', 'a.example'],
  ['an override to an IPv6 address', 'a.example', { overrides: { 'a.example': '[::1]:9' } }, 'https ::1 9', 'a.example', 'a.example'],
  ['an override without TLS', 'a.example:1', { overrides: { 'a.example:1': 'http://[::1]:9' } }, 'http ::1 9', 'a.example:1', 'a.example'],
  ['an override of the same name with a port, which is another server', 'a.example', { overrides: { 'a.example:1': 'b.example' } }, 'https a.example 8448', 'a.example', 'a.example', WELL_KNOWN, FED_A, OLD_A],
]; // prettier-ignore

describe('Resolver', () => {
  for (const [title, name, world, where, hostHeader, tlsName, ...asks] of steps) {
    it(`follows step ${title}`, async () => {
      const asked: string[] = [];
      const [target] = await resolverIn({ ...world, asked }).resolve(ServerName.parse(name));
      expect(`${target?.scheme} ${target?.host} ${target?.port}`).to.equal(where);
      expect(target?.hostHeader).to.equal(hostHeader);
      expect(target?.tlsName).to.equal(tlsName);
      expect(target?.trusted).to.equal(world.overrides !== undefined && name in world.overrides);
      expect(asked).to.eql(asks);
    });
  }

  it('keeps service records for a while', async () => {
    const clock = new ManualClock();
    const srv: Record<string, readonly SrvRecord[]> = { '_matrix-fed._tcp.a.example': [record('one.example', 1)] };
    const resolver = resolverIn({ srv }, clock);
    const host = async () => (await resolver.resolve(ServerName.parse('a.example')))[0]?.host;
    expect(await host()).to.equal('one.example');
    srv['_matrix-fed._tcp.a.example'] = [record('two.example', 1)];
    expect(await host()).to.equal('one.example');
    clock.advance(5 * 60_000);
    expect(await host()).to.equal('two.example');
  });

  it('offers every record, lowest priority first and heavier ones more often', async () => {
    const resolver = resolverIn({
      srv: { '_matrix-fed._tcp.a.example': [record('late', 1, 9), record('light', 1, 1, 1), record('heavy', 1, 1, 9)] },
    });
    let heavyFirst = 0;
    for (let i = 0; i < 200; i++) {
      const hosts = (await resolver.resolve(ServerName.parse('a.example'))).map(({ host }) => host);
      expect([...hosts].sort()).to.eql(['heavy', 'late', 'light']);
      expect(hosts[2]).to.equal('late');
      if (hosts[0] === 'heavy') heavyFirst++;
    }
    expect(heavyFirst).to.be.within(160, 198);
  });
});
