import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { clientEndpoint } from '@holm/spec/endpoint';
import { MatrixError } from '@holm/spec/errors';
import { formats, nothing } from '@holm/spec/formats';
import { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { ipRanges } from '../platform/address.ts';
import { createLog, silentLog } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import { type CallInit, type TestServer, call, createTestApp, serve } from '../testing/http.ts';
import type { App } from './app.ts';
import { Reply, jsonText } from './reply.ts';
import { type Route, route } from './route.ts';

const client = (operationId: string, path: string, more: Partial<Parameters<typeof clientEndpoint>[0]> = {}) =>
  clientEndpoint({
    operationId,
    method: 'GET',
    path: `/_matrix/client/v3/${path}`,
    auth: 'none',
    params: nothing,
    query: nothing,
    body: nothing,
    response: formats.json,
    ...more,
  });

const TEXT = { 'content-type': 'text/plain' };
const odd = new Readable({ read: () => undefined });
const endless = new Readable({ read: () => undefined });
const gate = { entered: Promise.withResolvers<void>(), left: Promise.withResolvers<readonly boolean[]>() };

const routes: readonly Route[] = [
  route(client('hello', 'hello'), () => Promise.resolve({ hello: 'world' })),
  route(client('large', 'large'), () => Promise.resolve({ text: 'x'.repeat(5000) })),
  route(client('text', 'text'), () => Promise.resolve(jsonText('{"a": 1}'))),
  route(client('bug', 'bug'), () => Promise.reject(new TypeError('a secret of ours'))),
  route(client('refuse', 'refuse'), () => Promise.reject(new MatrixError('M_FORBIDDEN', 'no', { extra: { why: 1 } }))),
  route(client('badId', 'badId'), () => Promise.resolve({ id: RoomId.parse('nonsense') })),
  route(client('address', 'address'), ({ address, userAgent }) => Promise.resolve({ address, userAgent })),
  route(client('getState', 'rooms/:roomId/state/:type/:key'), () => Promise.resolve({ route: 'key' })),
  route(client('getStateEmpty', 'rooms/:roomId/state/:type/'), () => Promise.resolve({ route: 'empty key' })),
  route(client('getStateType', 'rooms/:roomId/state/:type'), () => Promise.resolve({ route: 'type' })),
  route(client('echo', 'echo', { method: 'POST', body: formats.json }), ({ body }) => Promise.resolve(body)),
  route(client('known', 'known'), () =>
    Promise.resolve(new Reply(304, { ...TEXT, 'content-length': '9', etag: '"e"' }, '')),
  ),
  route(client('odd', 'odd'), () => Promise.resolve(new Reply(200, { 'x-odd': 'a\nb' }, odd))),
  route(client('endless', 'endless'), () => Promise.resolve(new Reply(200, TEXT, endless))),
  route(client('wait', 'wait'), async (request) => {
    const { signal, isHungUp } = request;
    gate.entered.resolve();
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    gate.left.resolve([isHungUp, request.isHungUp]);
    return { waited: true };
  }),
];

describe('the HTTP app', () => {
  let app: App;
  let server: TestServer;
  const lines: string[] = [];
  const metrics = new Metrics();

  before(async () => {
    const log = createLog('error', { write: (line) => lines.push(line) });
    app = createTestApp(routes, { log, metrics });
    server = await serve(app.handler());
  });
  after(() => server[Symbol.asyncDispose]());

  const get = (path: string, init?: CallInit) => call(server, path, init);
  const v3 = '/_matrix/client/v3';

  it('answers JSON, under the old name too', async () => {
    for (const path of [`${v3}/hello`, '/_matrix/client/r0/hello']) {
      const { status, body, headers } = await get(path);
      expect({ status, body }).to.eql({ status: 200, body: { hello: 'world' } });
      expect(headers.get('content-type')).to.equal('application/json');
      expect(headers.get('access-control-allow-origin')).to.equal('*');
      expect(headers.get('x-request-id')).to.match(/^[\w-]{6}-\w+$/);
    }
    expect((await get(`${v3}/text`)).body).to.eql({ a: 1 });
  });

  it('answers HEAD as GET without a body', async () => {
    const { status, body, headers } = await get(`${v3}/hello`, { method: 'HEAD' });
    expect({ status, body }).to.eql({ status: 200, body: {} });
    expect(headers.get('content-length')).to.equal('17');
  });

  it('tells unknown paths from known ones, with CORS headers', async () => {
    const cases: [method: string, path: string, status: number][] = [
      ['GET', `${v3}/nothing`, 404],
      ['GET', `${v3}/hello/`, 404],
      ['GET', `${v3}/Hello`, 404],
      ['GET', `${v3}/rooms//state/x`, 404],
      ['GET', '/_matrix/', 404],
      ['POST', `${v3}/hello`, 405],
      ['PATCH', `${v3}/hello`, 405],
      ['PUT', `${v3}/rooms/!a/state/x/`, 405],
    ];
    for (const [method, path, status] of cases) {
      const answer = await get(path, { method });
      expect(answer.status, `${method} ${path}`).to.equal(status);
      expect(answer.body['errcode']).to.equal('M_UNRECOGNIZED');
      expect(answer.headers.get('access-control-allow-origin')).to.equal('*');
    }
    expect((await get(`${v3}/hello`, { method: 'POST' })).headers.get('allow')).to.equal('OPTIONS, GET');
  });

  it('refuses what is no address, and nobody is to look at that', async () => {
    const before = lines.length;
    for (const address of ['http://[', 'http://a:b@:x/', '*']) {
      const answer = await raw(server.port, `GET ${address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer, address).to.match(/^HTTP\/1.1 40[04] .*"errcode":"M_UNRECOGNIZED"/s);
    }
    expect(lines).to.have.lengthOf(before);
  });

  it('answers OPTIONS anywhere without running anything', async () => {
    for (const path of [`${v3}/bug`, `${v3}/nothing`]) {
      const { status, headers } = await get(path, { method: 'OPTIONS' });
      expect(status).to.equal(204);
      expect(headers.get('access-control-allow-methods')).to.contain('PUT');
      expect(headers.get('access-control-allow-headers')).to.contain('Authorization');
    }
  });

  it('tells an empty state key from none', async () => {
    const state = async (path: string) => (await get(`${v3}/rooms/!a/state/${path}`)).body['route'];
    expect(await state('m.room.name')).to.equal('type');
    expect(await state('m.room.name/')).to.equal('empty key');
    expect(await state('m.room.name/x%2Fy')).to.equal('key');
  });

  it('hides what our own bugs say, and logs them', async () => {
    const { status, body, headers } = await get(`${v3}/bug`);
    expect({ status, body }).to.eql({ status: 500, body: { errcode: 'M_UNKNOWN', error: 'internal server error' } });
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged).to.have.length(1);
    expect(logged[0]).to.include({ msg: 'request failed', operation: 'bug', requestId: headers.get('x-request-id') });
    expect(lines[0]).to.contain('a secret of ours');
  });

  it('passes on what the caller did wrong', async () => {
    expect(await get(`${v3}/refuse`)).to.deep.include({
      status: 403,
      body: { errcode: 'M_FORBIDDEN', error: 'no', why: 1 },
    });
    const { status, body } = await get(`${v3}/badId`);
    expect([status, body['errcode']]).to.eql([400, 'M_INVALID_PARAM']);
  });

  it('compresses what is large, for those who want it', async () => {
    const large = await fetch(`${server.origin}${v3}/large`, { headers: { 'accept-encoding': 'gzip' } });
    expect(large.headers.get('content-encoding')).to.equal('gzip');
    expect(Number(large.headers.get('content-length'))).to.be.below(500);
    expect(((await large.json()) as { text: string }).text).to.have.length(5000);
    const plain = await raw(server.port, `GET ${v3}/large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(plain)
      .to.contain('xxxxx')
      .and.match(/vary: accept-encoding/i);
    expect((await get(`${v3}/hello`)).headers.get('content-encoding')).to.equal(null);
  });

  it('tells a handler when its client hangs up', async () => {
    const controller = new AbortController();
    const pending = fetch(`${server.origin}${v3}/wait`, { signal: controller.signal }).catch(() => 'gone');
    await gate.entered.promise;
    controller.abort();
    expect(await pending).to.equal('gone');
    expect(await gate.left.promise).to.eql([false, true]);
  });

  it('takes a request that was cut short for nobody’s fault but the client’s', async () => {
    const request = `POST ${v3}/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a"`;
    const socket = connect(server.port, '127.0.0.1', () => socket.write(request, () => socket.destroy()));
    const counted = () => metrics.registry.getSingleMetricAsString('holm_http_request_seconds');
    const count = /_count\{operation="echo",status="(\w+)"\} 1/;
    while (!count.test(await counted())) await setTimeout(5);
    expect(count.exec(await counted())?.[1]).to.equal('4xx');
    expect(lines.filter((line) => line.includes('echo'))).to.eql([]);
  });

  it('takes an answer that cannot be sent for a bug', async () => {
    lines.length = 0;
    const { status, body } = await get(`${v3}/odd`);
    expect([status, body['errcode'], odd.destroyed]).to.eql([500, 'M_UNKNOWN', true]);
    expect(lines.join()).to.contain('request failed').and.contain('ERR_INVALID_CHAR');
  });

  it('says nothing of a body where there is none', async () => {
    const { status, headers } = await get(`${v3}/known`);
    expect(status).to.equal(304);
    expect([headers.get('etag'), headers.get('content-type'), headers.get('content-length')]).to.eql([
      '"e"',
      null,
      null,
    ]);
    expect((await get(`${v3}/endless`, { method: 'HEAD' })).headers.get('content-type')).to.equal('text/plain');
    expect(endless.destroyed).to.equal(true);
  });

  it('serves each listener its part', async () => {
    await using federation = await serve(app.handler({ resources: ['federation'] }));
    expect((await fetch(`${federation.origin}${v3}/hello`)).status).to.equal(404);
    await using clients = await serve(app.handler({ resources: ['client'] }));
    expect((await fetch(`${clients.origin}${v3}/hello`)).status).to.equal(200);
  });

  it('believes X-Forwarded-For of proxies that it knows', async () => {
    const address = async (origin: string, forwarded: string) => {
      const response = await fetch(`${origin}${v3}/address`, { headers: { 'x-forwarded-for': forwarded } });
      return ((await response.json()) as { address: string }).address;
    };
    expect(await address(server.origin, '9.9.9.9')).to.equal('127.0.0.1');
    const trustedProxies = ipRanges(['127.0.0.1', '10.0.0.0/8']);
    await using proxied = await serve(app.handler({ trustedProxies, hstsSeconds: 60 }));
    expect(await address(proxied.origin, '9.9.9.9')).to.equal('9.9.9.9');
    expect(await address(proxied.origin, '1.1.1.1, 9.9.9.9, 10.0.0.1')).to.equal('9.9.9.9');
    expect(await address(proxied.origin, 'nonsense')).to.equal('127.0.0.1');
    const hello = await fetch(`${proxied.origin}${v3}/hello`);
    expect(hello.headers.get('strict-transport-security')).to.equal('max-age=60');
  });

  it('ends long polls when the server stops', async () => {
    const waiting = createTestApp(routes);
    await using polled = await serve(waiting.handler());
    const pending = fetch(`${polled.origin}${v3}/wait`);
    await fetch(`${polled.origin}${v3}/hello`);
    waiting.drain();
    expect(await (await pending).json()).to.eql({ waited: true });
    const later = await fetch(`${polled.origin}${v3}/wait`);
    expect(later.headers.get('connection')).to.equal('close');
  });

  it('asks plain routes about the rest', async () => {
    const page = {
      resource: 'web_client' as const,
      name: 'page',
      answer: ({ path }: { path: string }) =>
        Promise.resolve(path === '/page' ? new Reply(200, { 'content-type': 'text/plain' }, 'a page') : undefined),
    };
    await using pages = await serve(createTestApp([], { plainRoutes: [page], log: silentLog }).handler());
    expect(await (await fetch(`${pages.origin}/page`)).text()).to.equal('a page');
    expect((await fetch(`${pages.origin}/other`)).status).to.equal(404);
    expect((await fetch(`${pages.origin}/page`, { method: 'POST' })).status).to.equal(405);
  });
});

const raw = (port: number, request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
