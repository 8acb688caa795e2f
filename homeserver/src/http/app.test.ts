import { connect } from 'node:net';
import { clientEndpoint, serverEndpoint } from '@holm/spec/endpoint';
import { MatrixError } from '@holm/spec/errors';
import { formats, nothing } from '@holm/spec/formats';
import { type DeviceId, RoomId, type ServerName, type UserId } from '@holm/spec/ids';
import { Type } from '@sinclair/typebox';
import { expect } from 'chai';
import { ipRanges } from '../platform/address.ts';
import { createLog, silentLog } from '../platform/log.ts';
import { type TestServer, createTestApp, serve } from '../testing/http.ts';
import type { App } from './app.ts';
import type { SignedRequest } from './authenticate.ts';
import { Reply, jsonText } from './reply.ts';
import { type Route, route } from './route.ts';

const ALICE = { userId: '@alice:test' as UserId, deviceId: 'A' as DeviceId, tokenId: 1 };

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

const gate = { entered: Promise.withResolvers<void>(), left: Promise.withResolvers<string>() };

const typed = clientEndpoint({
  operationId: 'typed',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/:roomId/typed',
  auth: 'user',
  params: Type.Object({ roomId: formats.roomId }),
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 0 })),
    full: Type.Optional(Type.Boolean()),
    via: Type.Optional(Type.Array(Type.String())),
    needed: Type.String(),
  }),
  body: Type.Object({ name: Type.String() }),
  response: formats.json,
});

const signed = serverEndpoint({
  operationId: 'signed',
  method: 'PUT',
  path: '/_matrix/federation/v1/send/:txnId',
  auth: 'server',
  params: Type.Object({ txnId: Type.String() }),
  query: nothing,
  body: Type.Object({}),
  response: formats.json,
});

const seen: SignedRequest[] = [];

const routes: readonly Route[] = [
  route(client('hello', 'hello'), () => Promise.resolve({ hello: 'world' })),
  route(client('large', 'large'), () => Promise.resolve({ text: 'x'.repeat(5000) })),
  route(client('text', 'text'), () => Promise.resolve(jsonText('{"a": 1}'))),
  route(client('bug', 'bug'), () => Promise.reject(new TypeError('a secret of ours'))),
  route(client('refuse', 'refuse'), () => Promise.reject(new MatrixError('M_FORBIDDEN', 'no', { extra: { why: 1 } }))),
  route(client('badId', 'badId'), () => Promise.resolve({ id: RoomId.parse('nonsense') })),
  route(client('maybe', 'maybe', { auth: 'optional user' }), (request) =>
    Promise.resolve({ user: (request as unknown as { caller?: typeof ALICE }).caller?.userId ?? null }),
  ),
  route(client('address', 'address'), ({ address, userAgent }) => Promise.resolve({ address, userAgent })),
  route(client('getState', 'rooms/:roomId/state/:type/:key'), () => Promise.resolve({ route: 'key' })),
  route(client('getStateEmpty', 'rooms/:roomId/state/:type/'), () => Promise.resolve({ route: 'empty key' })),
  route(client('getStateType', 'rooms/:roomId/state/:type'), () => Promise.resolve({ route: 'type' })),
  route(typed, ({ params, query, body, bodyText, caller }) =>
    Promise.resolve({ params, query, body, bodyText, user: caller.userId }),
  ),
  route(signed, ({ origin }) => Promise.resolve({ origin })),
  route(client('echo', 'echo', { method: 'POST', body: formats.json, maxBodyBytes: 1000 }), ({ body }) =>
    Promise.resolve({ body: body as string }),
  ),
  route(client('wait', 'wait'), async ({ signal }) => {
    gate.entered.resolve();
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    gate.left.resolve('left');
    return { waited: true };
  }),
];

const authenticate = {
  user: (token: string) =>
    token === 'good' ? Promise.resolve(ALICE) : Promise.reject(new MatrixError('M_UNKNOWN_TOKEN', 'who?')),
  server: (request: SignedRequest) => {
    seen.push(request);
    return Promise.resolve('other.test' as ServerName);
  },
};

describe('the HTTP app', () => {
  let app: App;
  let server: TestServer;
  const lines: string[] = [];

  before(async () => {
    const log = createLog('error', { write: (line) => lines.push(line) });
    app = createTestApp(routes, { authenticate, log });
    server = await serve(app.handler());
  });
  after(() => server[Symbol.asyncDispose]());

  const call = async (path: string, init: RequestInit & { token?: string } = {}) => {
    const headers = { ...(init.token !== undefined && { authorization: `Bearer ${init.token}` }), ...init.headers };
    const response = await fetch(`${server.origin}${path}`, { ...init, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  const v3 = '/_matrix/client/v3';

  it('answers JSON, under the old name too', async () => {
    for (const path of [`${v3}/hello`, '/_matrix/client/r0/hello']) {
      const { status, body, headers } = await call(path);
      expect({ status, body }).to.eql({ status: 200, body: { hello: 'world' } });
      expect(headers.get('content-type')).to.equal('application/json');
      expect(headers.get('access-control-allow-origin')).to.equal('*');
      expect(headers.get('x-request-id')).to.match(/^[\w-]{6}-\w+$/);
    }
    expect((await call(`${v3}/text`)).body).to.eql({ a: 1 });
  });

  it('answers HEAD as GET without a body', async () => {
    const { status, body, headers } = await call(`${v3}/hello`, { method: 'HEAD' });
    expect({ status, body }).to.eql({ status: 200, body: undefined });
    expect(headers.get('content-length')).to.equal('17');
  });

  it('tells unknown paths from known ones, with CORS headers', async () => {
    const cases: [method: string, path: string, status: number][] = [
      ['GET', `${v3}/nothing`, 404],
      ['GET', `${v3}/hello/`, 404],
      ['GET', `${v3}/Hello`, 404],
      ['GET', `${v3}/rooms//typed`, 405],
      ['GET', '/_matrix/', 404],
      ['POST', `${v3}/hello`, 405],
      ['PATCH', `${v3}/hello`, 405],
      ['GET', `${v3}/rooms/!a/typed`, 405],
    ];
    for (const [method, path, status] of cases) {
      const answer = await call(path, { method });
      expect(answer.status, `${method} ${path}`).to.equal(status);
      expect(answer.body.errcode).to.equal('M_UNRECOGNIZED');
      expect(answer.headers.get('access-control-allow-origin')).to.equal('*');
    }
    expect((await call(`${v3}/hello`, { method: 'POST' })).headers.get('allow')).to.equal('OPTIONS, GET');
  });

  it('answers OPTIONS anywhere without running anything', async () => {
    for (const path of [`${v3}/bug`, `${v3}/nothing`]) {
      const { status, headers } = await call(path, { method: 'OPTIONS' });
      expect(status).to.equal(204);
      expect(headers.get('access-control-allow-methods')).to.contain('PUT');
      expect(headers.get('access-control-allow-headers')).to.contain('Authorization');
    }
  });

  it('tells an empty state key from none', async () => {
    const state = async (path: string) => (await call(`${v3}/rooms/!a/state/${path}`)).body.route as string;
    expect(await state('m.room.name')).to.equal('type');
    expect(await state('m.room.name/')).to.equal('empty key');
    expect(await state('m.room.name/x%2Fy')).to.equal('key');
  });

  it('hides what our own bugs say, and logs them', async () => {
    const { status, body, headers } = await call(`${v3}/bug`);
    expect({ status, body }).to.eql({ status: 500, body: { errcode: 'M_UNKNOWN', error: 'internal server error' } });
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged).to.have.length(1);
    expect(logged[0]).to.include({ msg: 'request failed', operation: 'bug', requestId: headers.get('x-request-id') });
    expect(lines[0]).to.contain('a secret of ours');
  });

  it('passes on what the caller did wrong', async () => {
    expect(await call(`${v3}/refuse`)).to.deep.include({
      status: 403,
      body: { errcode: 'M_FORBIDDEN', error: 'no', why: 1 },
    });
    const { status, body } = await call(`${v3}/badId`);
    expect([status, body.errcode]).to.eql([400, 'M_INVALID_PARAM']);
  });

  it('knows users by header and by query', async () => {
    const needs = async (path: string, token?: string) => {
      const { status, body } = await call(path, { method: 'POST', body: '{"name":"n"}', ...(token && { token }) });
      return [status, body.errcode];
    };
    const path = `${v3}/rooms/!a:b/typed?needed=1`;
    expect(await needs(path)).to.eql([401, 'M_MISSING_TOKEN']);
    expect(await needs(path, 'bad')).to.eql([401, 'M_UNKNOWN_TOKEN']);
    expect(await needs(path, 'good')).to.eql([200, undefined]);
    expect(await needs(`${path}&access_token=good`)).to.eql([200, undefined]);
    expect((await call(`${v3}/maybe`)).body).to.eql({ user: null });
    expect((await call(`${v3}/maybe`, { token: 'good' })).body).to.eql({ user: '@alice:test' });
    expect((await call(`${v3}/maybe`, { token: 'bad' })).status).to.equal(401);
  });

  it('gives the handler checked values', async () => {
    const { body } = await call(`${v3}/rooms/!a%2Fb:c/typed?needed=&limit=7&full=true&via=x&via=y&other=1`, {
      method: 'POST',
      body: '{ "name": "n", "more": 1.0 }',
      token: 'good',
    });
    expect(body).to.eql({
      params: { roomId: '!a/b:c' },
      query: { needed: '', limit: 7, full: true, via: ['x', 'y'] },
      body: { name: 'n', more: 1 },
      bodyText: '{ "name": "n", "more": 1.0 }',
      user: '@alice:test',
    });
  });

  const bad: [name: string, path: string, body: string | Buffer, errcode: string][] = [
    ['a bad id', 'rooms/nonsense/typed?needed=1', '{"name":"n"}', 'M_INVALID_PARAM'],
    ['a bad escape', 'rooms/%zz/typed?needed=1', '{"name":"n"}', 'M_INVALID_PARAM'],
    ['a query of the wrong type', 'rooms/!a/typed?needed=1&limit=many', '{"name":"n"}', 'M_INVALID_PARAM'],
    ['a number out of range', 'rooms/!a/typed?needed=1&limit=-1', '{"name":"n"}', 'M_INVALID_PARAM'],
    ['a flag that is none', 'rooms/!a/typed?needed=1&full=yes', '{"name":"n"}', 'M_INVALID_PARAM'],
    ['a missing query', 'rooms/!a/typed', '{"name":"n"}', 'M_MISSING_PARAM'],
    ['text that is no JSON', 'rooms/!a/typed?needed=1', '{"name":', 'M_NOT_JSON'],
    ['bytes that are no UTF-8', 'rooms/!a/typed?needed=1', Buffer.from([0x22, 0xff, 0x22]), 'M_NOT_JSON'],
    ['a missing member', 'rooms/!a/typed?needed=1', '{}', 'M_BAD_JSON'],
    ['no body', 'rooms/!a/typed?needed=1', '', 'M_BAD_JSON'],
    ['a member of the wrong type', 'rooms/!a/typed?needed=1', '{"name":1}', 'M_BAD_JSON'],
    ['a body of the wrong type', 'rooms/!a/typed?needed=1', '[]', 'M_BAD_JSON'],
    ['a deep body', 'rooms/!a/typed?needed=1', `{"name":${'['.repeat(300)}${']'.repeat(300)}}`, 'M_BAD_JSON'],
  ];
  for (const [name, path, body, errcode] of bad) {
    it(`answers ${errcode} to ${name}`, async () => {
      const answer = await call(`${v3}/${path}`, { method: 'POST', body: body as string, token: 'good' });
      expect([answer.status, answer.body.errcode]).to.eql([400, errcode]);
    });
  }

  it('does not take brackets in text for depth', async () => {
    const name = `\\"${'['.repeat(400)}\\\\`;
    const answer = await call(`${v3}/rooms/!a/typed?needed=1`, {
      method: 'POST',
      body: `{"name":"${name}"}`,
      token: 'good',
    });
    expect(answer.status).to.equal(200);
  });

  it('refuses bodies that are too large, sent whole or bit by bit', async () => {
    const whole = await call(`${v3}/echo`, { method: 'POST', body: `"${'x'.repeat(999)}"` });
    expect([whole.status, whole.body.errcode]).to.eql([413, 'M_TOO_LARGE']);
    const bits = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 5; n++) controller.enqueue(Buffer.from('x'.repeat(500)));
        controller.close();
      },
    });
    const chunked = await call(`${v3}/echo`, { method: 'POST', body: bits, duplex: 'half' } as RequestInit);
    expect([chunked.status, chunked.body.errcode]).to.eql([413, 'M_TOO_LARGE']);
    expect((await call(`${v3}/echo`, { method: 'POST', body: `"${'x'.repeat(998)}"` })).status).to.equal(200);
  });

  it('does not read a body that announces itself as huge', async () => {
    const answer = await raw(
      server.port,
      `POST ${v3}/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\nonly the start`,
    );
    expect(answer)
      .to.match(/^HTTP\/1.1 413 /)
      .and.match(/connection: close/i);
  });

  it('hands the whole request to whoever checks signatures', async () => {
    const path = '/_matrix/federation/v1/send/t%2F1?x=%20y';
    const answer = await call(path, { method: 'PUT', body: '{"a": 1}', headers: { authorization: 'X-Matrix o' } });
    expect(answer.body).to.eql({ origin: 'other.test' });
    expect(seen).to.eql([
      { method: 'PUT', uri: path, content: { a: 1 }, bodyText: '{"a": 1}', authorization: 'X-Matrix o' },
    ]);
    await call('/_matrix/federation/v1/send/2', { method: 'PUT' });
    expect(seen.at(-1)).to.include({ content: undefined, bodyText: '' });
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
    expect((await call(`${v3}/hello`)).headers.get('content-encoding')).to.equal(null);
  });

  it('tells a handler when its client hangs up', async () => {
    const controller = new AbortController();
    const pending = fetch(`${server.origin}${v3}/wait`, { signal: controller.signal }).catch(() => 'gone');
    await gate.entered.promise;
    controller.abort();
    expect(await pending).to.equal('gone');
    expect(await gate.left.promise).to.equal('left');
  });

  it('serves each listener its part', async () => {
    await using federation = await serve(app.handler({ resources: ['federation'] }));
    expect((await fetch(`${federation.origin}${v3}/hello`)).status).to.equal(404);
    const send = await fetch(`${federation.origin}/_matrix/federation/v1/send/1`, { method: 'PUT' });
    expect(send.status).to.equal(200);
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
