import { connect } from 'node:net';
import { clientEndpoint, serverEndpoint } from '@holm/spec/endpoint';
import { MatrixError } from '@holm/spec/errors';
import { formats, nothing } from '@holm/spec/formats';
import type { DeviceId, ServerName, UserId } from '@holm/spec/ids';
import { Type } from '@sinclair/typebox';
import { expect } from 'chai';
import { type CallInit, type TestServer, call, createTestApp, serve } from '../testing/http.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import type { SignedRequest } from './authenticate.ts';
import { RateLimits } from './rate-limit.ts';
import { type Route, route } from './route.ts';

const ALICE = { userId: '@alice:test' as UserId, deviceId: 'A' as DeviceId, tokenId: 1 };

const maybe = clientEndpoint({
  operationId: 'maybe',
  method: 'GET',
  path: '/_matrix/client/v3/maybe',
  auth: 'optional user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: formats.json,
});

const echo = clientEndpoint({
  operationId: 'echo',
  method: 'POST',
  path: '/_matrix/client/v3/echo',
  auth: 'none',
  params: nothing,
  query: nothing,
  body: formats.json,
  response: formats.json,
  maxBodyBytes: 1000,
});

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

const bodyless = clientEndpoint({
  operationId: 'bodyless',
  method: 'POST',
  path: '/_matrix/client/v3/bodyless',
  auth: 'none',
  params: nothing,
  query: nothing,
  body: nothing,
  response: formats.json,
});

const kept = clientEndpoint({
  ...bodyless,
  operationId: 'kept',
  method: 'PUT',
  path: '/_matrix/client/v3/kept',
  body: formats.object,
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

const again = clientEndpoint({
  operationId: 'again',
  method: 'POST',
  path: '/_matrix/client/v3/again',
  auth: 'user',
  params: nothing,
  query: nothing,
  body: Type.Object({ name: Type.Optional(Type.String()) }),
  response: formats.json,
});

const seen: SignedRequest[] = [];
const bodies: unknown[] = [];

const routes: readonly Route[] = [
  route(maybe, ({ caller }) => Promise.resolve({ user: caller?.userId ?? null })),
  route(typed, ({ params, query, body, bodyText, caller }) =>
    Promise.resolve({ params, query, body, bodyText, user: caller.userId }),
  ),
  route(signed, ({ origin }) => Promise.resolve({ origin })),
  route(bodyless, ({ body }) => Promise.resolve({ body })),
  route(kept, ({ body }) => Promise.resolve({ body })),
  route(echo, ({ body }) => Promise.resolve({ body })),
  route(again, ({ body }) => Promise.resolve({ nth: bodies.push(body) }), {
    isRepeated: true,
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

describe('an operation', () => {
  let server: TestServer;
  before(async () => {
    server = await serve(createTestApp(routes, { authenticate }).handler());
  });
  after(() => server[Symbol.asyncDispose]());
  const get = (path: string, init?: CallInit) => call(server, path, init);
  const v3 = '/_matrix/client/v3';

  it('knows users by header and by query', async () => {
    const needs = async (path: string, token?: string) => {
      const { status, body } = await get(path, {
        method: 'POST',
        body: '{"name":"n"}',
        ...(token !== undefined && { token }),
      });
      return [status, body['errcode']];
    };
    const path = `${v3}/rooms/!a:b/typed?needed=1`;
    expect(await needs(path)).to.eql([401, 'M_MISSING_TOKEN']);
    expect(await needs(path, 'bad')).to.eql([401, 'M_UNKNOWN_TOKEN']);
    expect(await needs(path, 'good')).to.eql([200, undefined]);
    expect(await needs(`${path}&access_token=good`)).to.eql([200, undefined]);
    expect(await needs(`${path}${'&more'.repeat(1_000)}&access_token=good`)).to.eql([200, undefined]);
    expect((await get(`${v3}/maybe`)).body).to.eql({ user: null });
    expect((await get(`${v3}/maybe`, { token: 'good' })).body).to.eql({ user: '@alice:test' });
    expect((await get(`${v3}/maybe`, { token: 'bad' })).status).to.equal(401);
  });

  it('gives the handler checked values', async () => {
    const { body } = await get(`${v3}/rooms/!a%2Fb:c/typed?needed=&limit=7&full=true&via=x&via=y&other=1`, {
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

  it('reads a body that is repeated once, and refuses it each time where it has to', async () => {
    const post = async (body: string) => {
      const answer = await get(`${v3}/again`, { method: 'POST', body, token: 'good' });
      return [answer.status, answer.body['errcode']];
    };
    for (const body of ['{"name":"n"}', '{"name":"n"}', '']) await post(body);
    const [first, second, third] = bodies;
    expect([first, third]).to.eql([{ name: 'n' }, {}]);
    expect(second).to.equal(first);
    for (let n = 0; n < 2; n++) {
      expect(await post('{"name":1}')).to.eql([400, 'M_BAD_JSON']);
      expect(await post('{"name":')).to.eql([400, 'M_NOT_JSON']);
    }
    expect(bodies).to.have.length(3);
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
      const answer = await get(`${v3}/${path}`, { method: 'POST', body, token: 'good' });
      expect([answer.status, answer.body['errcode']]).to.eql([400, errcode]);
    });
  }

  it('takes a request that does not speak of a body for one with an empty one', async () => {
    await using server = await serve(createTestApp(routes).handler());
    const answer = await raw(server.port, `POST ${v3}/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).to.match(/^HTTP\/1.1 200 /);
  });

  it('that takes no body does not mind what comes as one', async () => {
    for (const body of ['', '{}', 'null', '[]', '{"more": 1}', 'no JSON']) {
      const answer = await get(`${v3}/bodyless`, { method: 'POST', body });
      expect([answer.status, answer.body], body).to.eql([200, { body: {} }]);
    }
  });

  it('whose body is kept as it comes does not take nothing for an empty one', async () => {
    const put = (body: string) => get(`${v3}/kept`, { method: 'PUT', body });
    const lost = await put('');
    expect([lost.status, lost.body['errcode']]).to.eql([400, 'M_NOT_JSON']);
    expect((await put('{}')).body).to.eql({ body: {} });
  });

  it('does not take brackets in text for depth', async () => {
    const name = `\\"${'['.repeat(400)}\\\\`;
    const answer = await get(`${v3}/rooms/!a/typed?needed=1`, {
      method: 'POST',
      body: `{"name":"${name}"}`,
      token: 'good',
    });
    expect(answer.status).to.equal(200);
  });

  it('refuses bodies that are too large, sent whole or bit by bit', async () => {
    const whole = await get(`${v3}/echo`, { method: 'POST', body: `"${'x'.repeat(999)}"` });
    expect([whole.status, whole.body['errcode']]).to.eql([413, 'M_TOO_LARGE']);
    const bits = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 5; n++) controller.enqueue(Buffer.from('x'.repeat(500)));
        controller.close();
      },
    });
    const chunked = await get(`${v3}/echo`, { method: 'POST', body: bits, duplex: 'half' });
    expect([chunked.status, chunked.body['errcode']]).to.eql([413, 'M_TOO_LARGE']);
    expect((await get(`${v3}/echo`, { method: 'POST', body: `"${'x'.repeat(998)}"` })).status).to.equal(200);
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
    const answer = await get(path, { method: 'PUT', body: '{"a": 1}', headers: { authorization: 'X-Matrix o' } });
    expect(answer.body).to.eql({ origin: 'other.test' });
    expect(seen).to.eql([
      { method: 'PUT', uri: path, content: { a: 1 }, bodyText: '{"a": 1}', authorization: 'X-Matrix o' },
    ]);
    await get('/_matrix/federation/v1/send/2', { method: 'PUT', headers: { authorization: 'X-Matrix o' } });
    expect(seen.at(-1)).to.include({ content: undefined, bodyText: '' });
  });

  it('does not read the body of a request between servers that is not signed', async () => {
    const head = 'PUT /_matrix/federation/v1/send/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    const answer = await raw(server.port, `${head}Content-Length: 90000\r\n\r\nonly the start`);
    expect(answer).to.match(/^HTTP\/1.1 401 /);
  });

  it('makes those wait who claim to be servers that they are not, and nobody else', async () => {
    const liar = { ...authenticate, server: () => Promise.reject(new MatrixError('M_UNAUTHORIZED', 'no')) };
    const rate = { per_second: 1, burst: 20 };
    const limits = {
      login: rate,
      registration: rate,
      message: rate,
      join: rate,
      invite: rate,
      media: rate,
      call: rate,
      policed: rate,
    };
    const rateLimits = new RateLimits({ ...limits, directory: rate, other: rate, federation: rate }, new ManualClock());
    await using lied = await serve(createTestApp(routes, { authenticate: liar, rateLimits }).handler());
    const lie = () =>
      call(lied, '/_matrix/federation/v1/send/1', { method: 'PUT', headers: { authorization: 'X-Matrix o' } });
    expect([(await lie()).status, (await lie()).status, (await lie()).status]).to.eql([401, 401, 429]);
    expect((await call(lied, `${v3}/maybe`, { token: 'good' })).status).to.equal(200);
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
