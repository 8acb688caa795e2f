import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { Transport } from '@holm/homeserver/federation/client/transport';
import { OutgoingConnections } from '@holm/homeserver/federation/resolver/outgoing-connections';
import { Resolver } from '@holm/homeserver/federation/resolver/resolver';
import type { SrvRecord } from '@holm/homeserver/federation/resolver/srv';
import { silentLog } from '@holm/homeserver/platform/log';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { seededEntropy } from '@holm/homeserver/testing/seeded-entropy';
import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { Authority } from '../src/certificates.ts';

interface Rule {
  readonly step: string;
  /** `PORT` is where the server listens. */
  readonly name: string;
  readonly delegate?: string;
  readonly srv?: string;
  readonly override?: string;
  /** What the server gets to see, and the one name that makes its certificate good. */
  readonly host: string;
  readonly sni: string | false;
  readonly certificate: string;
}

const RULES: readonly Rule[] = [
  { step: '1', name: '127.0.0.1:PORT', host: '127.0.0.1:PORT', sni: false, certificate: '127.0.0.1' },
  { step: '2', name: 'a.example:PORT', host: 'a.example:PORT', sni: 'a.example', certificate: 'a.example' },
  { step: '3.1', name: 'a.example', delegate: '127.0.0.1:PORT', host: '127.0.0.1:PORT', sni: false, certificate: '127.0.0.1' },
  { step: '3.2', name: 'a.example', delegate: 'b.example:PORT', host: 'b.example:PORT', sni: 'b.example', certificate: 'b.example' },
  { step: '3.3', name: 'a.example', delegate: 'b.example', srv: '_matrix-fed._tcp.b.example', host: 'b.example', sni: 'b.example', certificate: 'b.example' },
  { step: '3.4', name: 'a.example', delegate: 'b.example', srv: '_matrix._tcp.b.example', host: 'b.example', sni: 'b.example', certificate: 'b.example' },
  { step: '4', name: 'a.example', srv: '_matrix-fed._tcp.a.example', host: 'a.example', sni: 'a.example', certificate: 'a.example' },
  { step: '5', name: 'a.example', srv: '_matrix._tcp.a.example', host: 'a.example', sni: 'a.example', certificate: 'a.example' },
  { step: 'of an override', name: 'a.example', override: 'd.example:PORT', host: 'a.example', sni: 'a.example', certificate: 'a.example' },
]; // prettier-ignore

/** What TLS has told the server of whom it is meant to be, which `TLSSocket` does not declare. */
interface WithSni {
  readonly servername: string | false;
}

/** Everything that a certificate could be mistaken for. */
const NAMES = ['127.0.0.1', 'a.example', 'b.example', 'c.example', 'd.example', 'www.a.example'];

/** https://spec.matrix.org/latest/server-server-api/#resolving-server-names, down to the wire. */
describe('a server that has been found', () => {
  const authority = new Authority('of all');
  const certificates = new Map(NAMES.map((name) => [name, authority.issue({ names: [name] })]));
  const seen: unknown[] = [];
  let server: Server;
  let port: number;
  before(async () => {
    server = createServer((request, response) => {
      seen.push([request.headers.host, (request.socket as unknown as WithSni).servername]);
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  after(() => server.close());
  beforeEach(() => (seen.length = 0));

  const here = (text: string) => text.replace('PORT', String(port));

  const ask = async ({ name, delegate, srv, override }: Rule, trustedCa: string | undefined): Promise<unknown> => {
    const record: SrvRecord = { name: 'c.example', port, priority: 0, weight: 0 };
    const dns = {
      srv: (of: string) => Promise.resolve(of === srv ? [record] : []),
      addresses: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    };
    const parsed = ServerName.parse(here(name));
    const resolver = new Resolver({
      settings: { overrides: new Map(override === undefined ? [] : [[parsed, here(override)]]) },
      dns,
      wellKnown: {
        delegateOf: () => Promise.resolve(delegate === undefined ? undefined : ServerName.parse(here(delegate))),
      },
      clock: new ManualClock(),
      entropy: seededEntropy('discovery'),
      log: silentLog,
    });
    await using connections = new OutgoingConnections({
      dns,
      mayConnectTo: () => true,
      verifyCertificates: true,
      trustedCa,
    });
    const request = { method: 'GET' as const, uri: '/', headers: {}, body: undefined, maxBytes: 100 };
    const transport = new Transport({ resolver, connections, folder: tmpdir() });
    const { signal } = new AbortController();
    return await transport.send(parsed, { ...request, signal }).then(
      ({ status }) => status,
      (error: unknown) => (error as { code: string }).code,
    );
  };

  for (const rule of RULES) {
    it(`by step ${rule.step} is asked by its name, which its certificate must be for`, async () => {
      for (const [name, certificate] of certificates) {
        server.setSecureContext(certificate);
        const isRight = name === rule.certificate;
        const outcome = await ask(rule, authority.cert);
        expect(outcome, name).to.equal(isRight ? 200 : 'ERR_TLS_CERT_ALTNAME_INVALID');
      }
      expect(seen).to.eql([[here(rule.host), rule.sni]]);
    });
  }

  it('is not believed by the word of an authority that the operator has not named', async () => {
    server.setSecureContext(certificates.get('a.example')!);
    expect(await ask(RULES[1]!, undefined)).to.equal('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await ask(RULES[1]!, new Authority('another').cert)).to.equal('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(seen).to.eql([]);
  });
});
