import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createFetch } from '../../platform/fetch.ts';
import { testCertificate, testCertificateKey } from '../testing/tls.ts';
import { wellKnownFetch } from './well-known-fetch.ts';

describe('fetching a well-known file', () => {
  let stack: AsyncDisposableStack;
  beforeEach(() => (stack = new AsyncDisposableStack()));
  afterEach(() => stack.disposeAsync());

  const listen = async (scheme: 'http' | 'https', listener: RequestListener): Promise<string> => {
    const tls = { cert: testCertificate, key: testCertificateKey };
    const server = scheme === 'https' ? createServer(tls, listener) : createPlainServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stack.defer(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const fetcher = () => {
    const fetch = createFetch({ denied: undefined, verifyCertificates: false, timeoutMs: 5_000 });
    return wellKnownFetch(stack.use(fetch));
  };
  const failure = async (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'none',
      (error: unknown) => (error as Error).message,
    );

  it('follows redirects and hands on what is said of caching', async () => {
    const origin = await listen('https', (request, response) => {
      if (request.url === '/real') response.writeHead(200, { 'cache-control': 'max-age=60', age: '5' }).end('{}');
      else response.writeHead(302, { location: '/real' }).end();
    });
    expect(await fetcher()(`${origin}/.well-known/matrix/server`)).to.eql({
      status: 200,
      headers: { cacheControl: 'max-age=60', expires: undefined, age: '5' },
      text: '{}',
    });
  });

  it('is not led to plain HTTP, nor in circles, nor to a huge file', async () => {
    const plain = await listen('http', (_, response) => response.end('{"m.server":"evil.test"}'));
    const down = await listen('https', (_, response) => response.writeHead(302, { location: plain }).end());
    expect(await failure(fetcher()(down))).to.match(/not served by HTTPS/);
    const circle = await listen('https', (_, response) => response.writeHead(302, { location: '/' }).end());
    expect(await failure(fetcher()(circle))).to.match(/redirects again/);
    const huge = await listen('https', (_, response) => response.end('x'.repeat(50_001)));
    expect(await failure(fetcher()(huge))).to.match(/larger than/);
  });
});
