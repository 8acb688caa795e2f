import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { Connections } from './connections.ts';
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
    await using connections = new Connections({
      dns: { addresses: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) },
      mayConnectTo: (address) => address !== '127.0.0.1',
      verifyCertificates: true,
    });
    const { port } = guarded.address() as AddressInfo;
    const target: Target = { scheme: 'https', host, port, hostHeader: host, tlsName: host, trusted };
    reached = 0;
    const request = connections.to(target).request({ method: 'GET', path: '/' });
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
