import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { ServerName } from '@holm/spec/ids';
import { OutgoingConnections } from '../resolver/outgoing-connections.ts';
import type { Target } from '../resolver/target.ts';
import { type RawRequest, Transport } from './transport.ts';

const NAME = ServerName.parse('a.test');

describe('the transport', () => {
  let stack: AsyncDisposableStack;
  beforeEach(() => (stack = new AsyncDisposableStack()));
  afterEach(() => stack.disposeAsync());

  const listen = async (listener: RequestListener): Promise<number> => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stack.defer(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  };

  const at = (port: number): Target => ({
    scheme: 'http', host: 'localhost', port, hostHeader: 'a.test', tlsName: 'a.test', trusted: false,
  }); // prettier-ignore

  const partsOf = (targets: readonly Target[]) => {
    const connections = stack.use(
      new OutgoingConnections({
        dns: { addresses: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) },
        mayConnectTo: () => true,
        verifyCertificates: true,
      }),
    );
    return { resolver: { resolve: () => Promise.resolve(targets) }, connections, folder: tmpdir() };
  };
  const transportTo = (targets: readonly Target[]): Transport => new Transport(partsOf(targets));

  const send = (transport: Transport, { stallMs, signal = new AbortController().signal }: Partial<RawRequest> = {}) => {
    return transport.send(NAME, {
      method: 'PUT',
      uri: '/x?y=z',
      headers: { a: 'b' },
      body: '{}',
      maxBytes: 100,
      stallMs,
      signal,
    });
  };

  it('does not wait for where a server is any longer than for its answer', async () => {
    const resolver = { resolve: () => new Promise<never>(() => undefined) };
    const transport = new Transport({ ...partsOf([]), resolver });
    const over = new AbortController();
    const sent = send(transport, { signal: over.signal });
    over.abort(new Error('too late'));
    expect(await sent.catch((error: unknown) => error)).to.have.property('message', 'too late');
    expect(await send(transport, { signal: over.signal }).catch(String)).to.equal('Error: too late');
  });

  it('sends what it is given, with the name of the server', async () => {
    const port = await listen((request, response) => {
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, host: headers.host, a: headers['a'] }));
    });
    const answer = await send(transportTo([at(port)]));
    expect(answer.status).to.equal(200);
    expect(answer.body.text).to.equal('{"method":"PUT","url":"/x?y=z","host":"a.test","a":"b"}');
  });

  it('tries the next target when one cannot be connected to', async () => {
    const port = await listen((_, response) => response.end('{}'));
    expect((await send(transportTo([at(1), at(2), at(port)]))).status).to.equal(200);
    const failure = await send(transportTo([at(1), at(2)])).catch((error: unknown) => error);
    expect((failure as { code?: string }).code).to.equal('ECONNREFUSED');
  });

  it('does not try the next target when the request may have arrived', async () => {
    let arrived = 0;
    const hangUp: RequestListener = (request) => {
      arrived++;
      request.socket.destroy();
    };
    const [first, second] = [await listen(hangUp), await listen(hangUp)];
    const failure = await send(transportTo([at(first), at(second)])).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
    expect(arrived).to.equal(2); // the same target, once more
  });

  it('survives a connection that closes just as it is used again', async () => {
    const used = new Set<Socket>();
    const port = await listen((request, response) => {
      if (used.has(request.socket)) request.socket.destroy();
      else response.end('{}');
      used.add(request.socket);
    });
    const transport = transportTo([at(port)]);
    for (let i = 0; i < 3; i++) expect((await send(transport)).status).to.equal(200);
    expect(used.size).to.be.greaterThan(1);
  });

  it('gives up on an answer that is too long', async () => {
    const port = await listen((_, response) => response.end('x'.repeat(101)));
    const failure = await send(transportTo([at(port)])).catch((error: unknown) => error);
    expect(failure).to.include({ name: 'TooLargeError' });
  });

  it('gives up on an answer that stops in the middle', async () => {
    const port = await listen((_, response) => {
      response.writeHead(200, { 'content-length': '50' });
      response.write('half');
    });
    const failure = await send(transportTo([at(port)]), { stallMs: 20 }).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'UND_ERR_BODY_TIMEOUT' });
  });
});
