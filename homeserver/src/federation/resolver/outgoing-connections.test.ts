import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { OutgoingConnections } from './outgoing-connections.ts';
import type { Address } from './dns.ts';
import type { Target } from './target.ts';

describe('connections to addresses that must not be contacted', () => {
  let guarded: Server;
  let reached = 0;
  before(async () => {
    guarded = createServer((socket) => {
      reached++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(guarded, 'listening');
  });
  after(() => guarded.close());

  const ask = async (host: string, trusted = false) => {
    await using connections = new OutgoingConnections({
      dns: { addresses: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) },
      mayConnectTo: (address) => address !== '127.0.0.1',
      verifyCertificates: true,
    });
    const { port } = guarded.address() as AddressInfo;
    const target: Target = { scheme: 'https', host, port, hostHeader: host, tlsName: host, trusted };
    reached = 0;
    const request = (await connections.to(target)).request({ method: 'GET', path: '/' });
    const error: unknown = await request.catch((thrown: unknown) => thrown);
    return { reached, name: (error as Error).name };
  };

  // Names as the grammar of server names allows them, and what the URL parser makes of them.
  for (const host of ['127.0.0.1', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', 'internal.test']) {
    it(`are not made to ${host}`, async () => {
      expect(await ask(host)).to.deep.equal({ reached: 0, name: 'UnreachableAddressError' });
    });
  }

  it('are made where the operator has said so', async () => {
    expect((await ask('127.0.0.1', true)).reached).to.be.greaterThan(0);
  });
});

describe('connections to a name with several addresses', () => {
  let server: Server;
  before(async () => {
    server = createServer((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  const v4 = { address: '127.0.0.1', family: 4 };
  const worlds: readonly (readonly [string, readonly Address[]])[] = [
    ['an IPv6 address where nobody listens', [{ address: '::1', family: 6 }, v4]],
    ['an address where nobody listens', [{ address: '127.0.0.3', family: 4 }, v4]],
    ['an address that must not be contacted', [{ address: '10.0.0.1', family: 4 }, v4]],
  ];
  for (const [what, addresses] of worlds) {
    it(`are made although the first is ${what}`, async () => {
      await using connections = new OutgoingConnections({
        dns: { addresses: () => Promise.resolve(addresses) },
        mayConnectTo: (address) => address !== '10.0.0.1',
        verifyCertificates: true,
      });
      const { port } = server.address() as AddressInfo;
      const target: Target = {
        scheme: 'http', host: 'a.test', port, hostHeader: 'a.test', tlsName: 'a.test', trusted: false,
      }; // prettier-ignore
      const { statusCode, body } = await (await connections.to(target)).request({ method: 'GET', path: '/' });
      expect([statusCode, await body.text()]).to.eql([200, 'hi']);
    });
  }
});
