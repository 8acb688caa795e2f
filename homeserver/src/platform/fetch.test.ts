import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { ipRanges } from './address.ts';
import { type FetchError, type OutgoingSettings, createFetch } from './fetch.ts';

const settings: OutgoingSettings = { denied: undefined, verifyCertificates: true, timeoutMs: 2000 };
const guarded: OutgoingSettings = { ...settings, denied: ipRanges(['127.0.0.0/8', '::1']) };

describe('outgoing requests', () => {
  let asked = 0;
  const answers: Record<string, RequestListener> = {
    '/ok': (request, response) => response.setHeader('x-method', request.method ?? '').end('fine'),
    '/large': (_, response) => response.end('x'.repeat(5000)),
    '/slow': () => undefined,
    '/hop': (_, response) => response.writeHead(302, { location: '/ok' }).end(),
    '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
    '/away': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  };
  const server = createServer((request, response) => {
    asked++;
    answers[request.url ?? '']?.(request, response);
  });
  let port = 0;
  before((done) => {
    server.listen(0, '127.0.0.1', () => {
      ({ port } = server.address() as AddressInfo);
      done();
    });
  });
  after((done) => {
    server.closeAllConnections();
    server.close(done);
  });

  const failure = async (
    url: string,
    options: Parameters<ReturnType<typeof createFetch>>[1],
    using: OutgoingSettings,
  ) => {
    await using fetch = createFetch(using);
    const error = (await fetch(url, options).catch((reason: unknown) => reason)) as FetchError;
    return error.failure;
  };
  const at = (path: string, host = '127.0.0.1') => `http://${host}:${port}${path}`;

  it('bring the answer', async () => {
    await using fetch = createFetch(settings);
    const { status, body, url, headers } = await fetch(at('/ok'));
    expect({ status, body: body.toString(), url }).to.eql({ status: 200, body: 'fine', url: at('/ok') });
    expect(headers['x-method']).to.equal('GET');
    expect((await fetch(at('/ok'), { method: 'POST', body: 'x' })).headers['x-method']).to.equal('POST');
  });

  it('refuse addresses and names that lead to a denied range', async () => {
    const before = asked;
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1']) {
      expect(await failure(at('/ok', host), {}, guarded), host).to.equal('address not allowed');
    }
    expect(asked).to.equal(before);
  });

  it('follow redirects as far as allowed, and check each', async () => {
    await using fetch = createFetch(settings);
    expect((await fetch(at('/hop'))).status).to.equal(302);
    expect((await fetch(at('/hop'), { maxRedirects: 1 })).url).to.equal(at('/ok'));
    expect(await failure(at('/loop'), { maxRedirects: 3 }, settings)).to.equal('too many redirects');
    expect(await failure(at('/away'), { maxRedirects: 3 }, settings)).to.equal('scheme not allowed');
    const onlyThere = { ...settings, denied: ipRanges(['127.0.0.2']) };
    answers['/inside'] = (_, response) => response.writeHead(302, { location: at('/ok', '127.0.0.2') }).end();
    expect(await failure(at('/inside'), { maxRedirects: 3 }, onlyThere)).to.equal('address not allowed');
  });

  it('are read as they come, as far as somebody wants to', async () => {
    await using fetch = createFetch(settings);
    const all = await fetch.open(at('/large'), { maxBytes: 5000 }, async ({ body }) =>
      (await Array.fromAsync(body)).join(''),
    );
    expect(all).to.equal('x'.repeat(5000));
    expect(await fetch.open(at('/large'), {}, ({ status }) => Promise.resolve(status))).to.equal(200);
    const tooLarge = fetch.open(at('/large'), { maxBytes: 4999 }, ({ body }) => Array.fromAsync(body));
    expect(await tooLarge.catch((error: unknown) => error)).to.include({ failure: 'too large' });
    const ours = fetch.open(at('/large'), {}, () => Promise.reject(new TypeError('of ours')));
    expect(await ours.catch((error: unknown) => error)).to.be.instanceOf(TypeError);
    expect(await failure(at('/ok'), { httpsOnly: true }, settings)).to.equal('scheme not allowed');
  });

  it('give up on what is too large, too slow or not there', async () => {
    expect(await failure(at('/large'), { maxBytes: 4999 }, settings)).to.equal('too large');
    expect(await failure(at('/slow'), {}, { ...settings, timeoutMs: 50 })).to.equal('timed out');
    expect(await failure('http://127.0.0.1:1/', {}, settings)).to.equal('unreachable');
    expect(await failure('nonsense', {}, settings)).to.equal('unreachable');
    const hungUp = { signal: AbortSignal.abort() };
    expect(await failure(at('/ok'), hungUp, settings)).to.equal('unreachable');
  });
});
