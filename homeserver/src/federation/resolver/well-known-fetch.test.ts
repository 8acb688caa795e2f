import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { ipRanges } from '../../platform/address.ts';
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
    await new Promise<void>((resolve) => server.listen(0, resolve));
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

  it('follows as many redirects as anybody needs, to other hosts too', async () => {
    const other = await listen('https', (_, response) => response.end('{"m.server":"b.test"}'));
    let hops = 0;
    const origin = await listen('https', (_, response) => {
      response.writeHead(++hops < 10 ? 307 : 301, { location: hops < 10 ? `/${hops}` : other }).end();
    });
    expect((await fetcher()(origin)).text).to.equal('{"m.server":"b.test"}');
    expect(hops).to.equal(10);
    hops = -1;
    expect(await failure(fetcher()(origin))).to.match(/redirects again/);
  });

  it('is not led to plain HTTP, not even on the way, nor in circles, nor to a huge file', async () => {
    const plain = await listen('http', (_, response) => response.end('{"m.server":"evil.test"}'));
    const down = await listen('https', (_, response) => response.writeHead(302, { location: plain }).end());
    expect(await failure(fetcher()(down))).to.match(/http: is not fetched/);
    const evil = await listen('https', (_, response) => response.end('{"m.server":"evil.test"}'));
    const between = await listen('http', (_, response) => response.writeHead(302, { location: evil }).end());
    const through = await listen('https', (_, response) => response.writeHead(302, { location: between }).end());
    expect(await failure(fetcher()(through))).to.match(/http: is not fetched/);
    const circle = await listen('https', (_, response) => response.writeHead(302, { location: '/' }).end());
    expect(await failure(fetcher()(circle))).to.match(/redirects again/);
    const huge = await listen('https', (_, response) => response.end('x'.repeat(50_001)));
    expect(await failure(fetcher()(huge))).to.match(/larger than/);
  });

  it('is not led to addresses that must not be contacted, by a redirect or by a name', async () => {
    let reached = 0;
    const inside = await listen('https', (_, response) => response.end(`{"m.server":"b${++reached}.test"}`));
    const { port } = new URL(inside);
    const origin = await listen('https', (request, response) => {
      const host = request.url === '/name' ? 'localhost' : '127.0.0.1';
      response.writeHead(302, { location: `https://${host}:${port}/` }).end();
    });
    // A guard that lets the first hop pass, as it would to a machine of the internet.
    const first = new URL(origin);
    const guarded = (denied: readonly string[]) =>
      wellKnownFetch(stack.use(createFetch({ denied: ipRanges(denied), verifyCertificates: false, timeoutMs: 5_000 })));
    for (const path of ['/', '/name']) {
      const start = `https://127.0.0.2:${first.port}${path}`;
      expect(await failure(guarded(['127.0.0.1', '::1'])(start)), path).to.match(/never contacted/);
    }
    expect(reached).to.equal(0);
  });

  it('believes only who has the certificate of the host', async () => {
    const origin = await listen('https', (_, response) => response.end('{}'));
    const strict = stack.use(createFetch({ denied: undefined, verifyCertificates: true, timeoutMs: 5_000 }));
    expect(await failure(wellKnownFetch(strict)(origin))).to.match(/certificate/);
  });
});
