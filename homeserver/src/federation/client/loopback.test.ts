import { expect } from 'chai';
import { ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { getServerKey } from '@holm/spec/server-server/keys';
import { queryProfile } from '@holm/spec/server-server/queries';
import { sendTransaction } from '@holm/spec/server-server/transactions';
import { MatrixError } from '@holm/spec/errors';
import { Reply } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import {
  type Network,
  type ServerOptions,
  startServer,
  testKey,
  type TestServer,
} from '../testing/federated-server.ts';
import { signText } from '../../core/crypto/signing.ts';
import { CanonicalBody, FederationClient } from './client.ts';
import { FederationError } from './federation-error.ts';
import type { RawRequest } from './transport.ts';
import { printXMatrix, requestText } from './x-matrix.ts';
import { silentLog } from '../../platform/log.ts';
import { Metrics } from '../../platform/metrics.ts';

const A = ServerName.parse('a.test');
const B = ServerName.parse('b.test');
const alice = UserId.parse('@alice:b.test');

const profile = (answer: (origin: ServerName) => JsonObject | Reply): Route =>
  route(queryProfile, ({ origin }) => Promise.resolve(answer(origin)));
const echo = profile((origin) => ({ origin }));

const failureOf = async (call: Promise<unknown>): Promise<FederationError> => {
  const outcome: unknown = await call.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
  if (outcome instanceof FederationError) return outcome;
  throw outcome;
};

describe('requests between two servers', () => {
  let dbA: TestDatabase;
  let dbB: TestDatabase;
  let servers: TestServer[];
  let network: Network;
  let clock: ManualClock;

  before(async () => {
    [dbA, dbB] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  });
  after(() => Promise.all([dbA[Symbol.asyncDispose](), dbB[Symbol.asyncDispose]()]));
  beforeEach(() => {
    servers = [];
    network = new Map();
    clock = new ManualClock();
  });
  afterEach(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    for (const { db } of [dbA, dbB]) {
      await db.run({ text: 'TRUNCATE outbox, destinations, server_keys, server_key_answers', values: [] });
    }
  });

  const start = async (options: Partial<ServerOptions> & Pick<ServerOptions, 'name'>) => {
    const server = await startServer({ network, clock, db: options.name === A ? dbA.db : dbB.db, ...options });
    servers.push(server);
    return server;
  };
  const startTwo = async (more: Partial<ServerOptions> = {}) =>
    [await start({ name: A, keySeed: 1 }), await start({ name: B, keySeed: 2, routes: [echo], ...more })] as const;
  const ask = (from: TestServer) => from.client.call(B, queryProfile, { query: { user_id: alice } });

  it('are signed, and believed', async () => {
    const [a] = await startTwo();
    expect(await ask(a)).to.eql({ origin: A });
  });

  it('may be written in another way than they were signed, as long as it is the same JSON', async () => {
    const [a] = await startTwo();
    const signed = '{"edus":[],"pdus":[{"content":{"x":1.0,"y":12345678901234567890}}]}';
    const params = { txnId: '1' };
    const body = new CanonicalBody(signed);
    expect(await a.client.call(B, sendTransaction, { params, body })).to.eql({ pdus: {} });
    const spaced = '{ "pdus": [{"content": {"y": 12345678901234567890, "x": 1.0}}], "edus": [] }';
    expect(await sending(a, () => ({ body: spaced })).call(B, sendTransaction, { params, body })).to.eql({ pdus: {} });
    const changed = sending(a, () => ({ body: spaced.replace('1.0', '1') }));
    expect((await failureOf(changed.call(B, sendTransaction, { params, body }))).status).to.equal(401);
  });

  /** Server A as it would be if its requests were changed after they were signed. */
  const sending = (a: TestServer, change: (request: RawRequest) => Partial<RawRequest>) =>
    new FederationClient({
      serverName: A, signingKey: testKey(1), destinations: a.destinations, clock, log: silentLog, metrics: new Metrics(),
      settings: { enabled: true, allow: [], deny: [], requestTimeoutMs: 1_000 },
      transport: { send: (server, request) => a.transport.send(server, { ...request, ...change(request) }) },
    }); // prettier-ignore

  const tampered: readonly (readonly [string, (request: RawRequest) => Partial<RawRequest>])[] = [
    ['path', ({ uri }) => ({ uri: uri.replace('/2', '/3') })],
    ['query', ({ uri }) => ({ uri: `${uri}?a=b` })],
    ['body', () => ({ body: '{"pdus":[{}]}' })],
    ['missing body', () => ({ body: '' })],
    ['destination', ({ headers }) => ({ headers: replaceIn(headers, 'b.test', 'c.test') })],
    ['origin', ({ headers }) => ({ headers: replaceIn(headers, 'origin="a.test"', 'origin="b.test"') })],
    ['key', ({ headers }) => ({ headers: replaceIn(headers, 'ed25519:k1', 'ed25519:k9') })],
    ['signature', ({ headers }) => ({ headers: replaceIn(headers, 'sig="', 'sig="A') })],
    ['authorization', ({ headers }) => ({ headers: { ...headers, authorization: 'Bearer secret' } })],
  ];
  const replaceIn = (headers: RawRequest['headers'], from: string, to: string) => ({
    ...headers,
    authorization: (headers['authorization'] ?? '').replace(from, to),
  });
  for (const [what, change] of tampered) {
    it(`are refused with another ${what} than was signed`, async () => {
      const [a] = await startTwo();
      const client = sending(a, change);
      const call = { params: { txnId: '2' }, body: {} };
      const error = await failureOf(client.call(B, sendTransaction, call));
      expect([error.status, error.errcode]).to.eql([401, 'M_UNAUTHORIZED']);
      expect(await a.client.call(B, sendTransaction, call)).to.eql({ pdus: {} });
    });
  }

  it('may leave out the destination, as older servers do', async () => {
    const [, b] = await startTwo();
    const request = { method: 'GET', uri: '/x', origin: A, destination: undefined, content: undefined };
    const key = testKey(1);
    const signature = signText(requestText(request), key);
    const authorization = printXMatrix({ origin: A, destination: undefined, key: key.keyId, signature });
    expect(await b.verifier.verify({ method: 'GET', uri: '/x', authorization, bodyText: '' })).to.equal(A);
  });

  const misplaced: [what: string, origin: ServerName, destination: ServerName, keySeed: number][] = [
    ['were signed for another server', A, ServerName.parse('c.test'), 1],
    ['come back to the server that signed them', B, B, 2],
  ];
  for (const [what, origin, destination, keySeed] of misplaced) {
    it(`are refused when they ${what}`, async () => {
      const [, b] = await startTwo();
      const signed = { method: 'GET', uri: '/x', origin, destination, content: undefined };
      const key = testKey(keySeed);
      const authorization = printXMatrix({ ...signed, key: key.keyId, signature: signText(requestText(signed), key) });
      const verdict = await b.verifier
        .verify({ ...signed, authorization, bodyText: '' })
        .catch((error: unknown) => error);
      expect(verdict).to.be.instanceOf(MatrixError).with.property('status', 401);
    });
  }

  it('are believed after the sender has changed its key, and not with its old one', async () => {
    const [a, b] = await startTwo();
    await ask(a);
    await a[Symbol.asyncDispose]();
    servers.shift();
    const old = { keyId: a.own.signing[0].keyId, publicKey: a.own.signing[0].publicKey, expiredAt: clock.now() };
    const renewed = await start({ name: A, keySeed: 3, oldKeys: [old] });
    clock.advance(10_001);
    expect(await ask(renewed)).to.eql({ origin: A });
    const signed = { method: 'GET', uri: '/x', origin: A, destination: B, content: undefined };
    const authorization = printXMatrix({
      ...signed,
      key: old.keyId,
      signature: signText(requestText(signed), testKey(1)),
    });
    const verdict = await b.verifier
      .verify({ ...signed, authorization, bodyText: '' })
      .catch((error: unknown) => error);
    expect(verdict).to.be.instanceOf(MatrixError).with.property('errcode', 'M_UNAUTHORIZED');
  });

  it('are refused by an operator who denies the sender, and not sent to those who are denied', async () => {
    const [a] = await startTwo({ settings: { deny: ['*.TEST'] } });
    const error = await failureOf(ask(a));
    expect([error.failure, error.status, error.errcode]).to.eql(['refused', 403, 'M_FORBIDDEN']);
    const picky = await start({ name: A, settings: { allow: ['c.test'] } });
    expect((await failureOf(ask(picky))).failure).to.equal('forbidden');
    const island = await start({ name: A, settings: { enabled: false } });
    expect((await failureOf(ask(island))).failure).to.equal('forbidden');
  });

  it('are not sent to a server whose certificate is for another name', async () => {
    const [a] = await startTwo();
    const D = ServerName.parse('d.test');
    network.set(D, network.get(B) ?? '');
    const error = await failureOf(a.client.call(D, getServerKey, {}));
    expect(error.failure).to.equal('unreachable');
    expect((error.cause as { code?: string }).code).to.equal('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('are not sent to addresses that must not be contacted, whether literal or looked up', async () => {
    const [, b] = await startTwo();
    const a = await start({ name: A, mayConnectTo: (address) => address !== '127.0.0.1' });
    for (const name of [`127.0.0.1:${b.port}`, `b.test:${b.port}`]) {
      const error = await failureOf(a.client.call(ServerName.parse(name), getServerKey, {}));
      expect([error.failure, (error.cause as Error).name]).to.eql(['unreachable', 'UnreachableAddressError']);
    }
    const open = await start({ name: A });
    const call = { ignoreBackOff: true };
    const keys = await open.client.call(ServerName.parse(`b.test:${b.port}`), getServerKey, call);
    expect(keys.server_name).to.equal(B);
  });

  const answers: readonly (readonly [
    string,
    Reply,
    readonly [string, number | undefined, string | undefined, boolean],
  ])[] = [
    ['an error', new Reply(404, {}, '{"errcode":"M_NOT_FOUND","error":"no"}'), ['refused', 404, 'M_NOT_FOUND', false]],
    ['an overload', new Reply(429, {}, '{"errcode":"M_LIMIT_EXCEEDED"}'), ['refused', 429, 'M_LIMIT_EXCEEDED', true]],
    ['an error without JSON', new Reply(502, {}, '<html>'), ['refused', 502, undefined, true]],
    ['something else than JSON', new Reply(200, {}, '<html>'), ['malformed', 200, undefined, true]],
    ['another shape', new Reply(200, {}, '[]'), ['malformed', 200, undefined, true]],
    ['a redirect', new Reply(302, { location: '/' }, '{}'), ['malformed', 302, undefined, true]],
    ['too much', new Reply(200, {}, `{"a":"${'x'.repeat(2_000)}"}`), ['unreachable', undefined, undefined, true]],
  ];
  for (const [title, reply, [failure, status, errcode, retryable]] of answers) {
    it(`may be answered with ${title}`, async () => {
      const [a] = await startTwo({ routes: [profile(() => reply)] });
      const error = await failureOf(a.client.call(B, queryProfile, { query: { user_id: alice }, maxBytes: 1_000 }));
      expect(error).to.include({ failure, retryable });
      expect([error.status, error.errcode]).to.eql([status, errcode]);
    });
  }

  it('are given up after a while', async () => {
    const reached = Promise.withResolvers<void>();
    const [a] = await startTwo({
      routes: [route(queryProfile, ({ signal }) => {
        reached.resolve();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve({})));
      })],
    }); // prettier-ignore
    const failing = failureOf(ask(a));
    await reached.promise;
    clock.advance(10_000);
    expect((await failing).failure).to.equal('unreachable');
  });

  it('leave no trace of a server whose name anybody can make up', async () => {
    const [a] = await startTwo();
    network.set(B, '127.0.0.1:1');
    const call = { query: { user_id: alice }, unrecorded: true };
    expect((await failureOf(a.client.call(B, queryProfile, call))).failure).to.equal('unreachable');
    expect(a.destinations.waitMs(B)).to.equal(0);
  });

  it('leave a server alone that does not answer, for longer each time, until it speaks', async () => {
    const [a, b] = await startTwo();
    const address = network.get(B) ?? '';
    network.set(B, '127.0.0.1:1');
    expect((await failureOf(ask(a))).failure).to.equal('unreachable');
    expect((await failureOf(ask(a))).failure).to.equal('backing off');
    clock.advance(2_000);
    expect((await failureOf(ask(a))).failure).to.equal('unreachable');
    expect(a.destinations.waitMs(B)).to.be.within(3_200, 4_000);

    // It survives a restart.
    await a.background.idle();
    const again = await start({ name: A });
    network.set(B, '127.0.0.1:1'); // starting A again has not moved B
    expect(again.destinations.waitMs(B)).to.equal(a.destinations.waitMs(B));

    network.set(B, address);
    expect((await failureOf(ask(again))).failure).to.equal('backing off');
    await b.client.call(A, sendTransaction, { params: { txnId: '1' }, body: {} });
    expect(await ask(again)).to.eql({ origin: A });
    expect(again.destinations.waitMs(B)).to.equal(0);
  });

  const pauses: readonly (readonly [string, Record<string, string>, object, number])[] = [
    ['in the header', { 'retry-after': '30' }, {}, 30_000],
    ['as a time', { 'retry-after': new Date(1_700_000_020_000).toUTCString() }, {}, 20_000],
    ['in the body', {}, { retry_after_ms: 25_000 }, 25_000],
    ['in both', { 'retry-after': '30' }, { retry_after_ms: 25_000 }, 30_000],
    ['in the body, and nothing in the header', { 'retry-after': 'soon' }, { retry_after_ms: 25_000 }, 25_000],
    ['in no way that makes sense', { 'retry-after': 'soon' }, {}, 2_000],
  ];
  for (const [how, headers, body, pauseMs] of pauses) {
    it(`leave a server alone for as long as it says ${how}`, async () => {
      const busy = new Reply(429, headers, JSON.stringify({ errcode: 'M_LIMIT_EXCEEDED', ...body }));
      const [a] = await startTwo({ routes: [profile(() => busy)] });
      await failureOf(a.client.call(B, queryProfile, { query: { user_id: alice }, backOffOnRefusal: true }));
      expect(a.destinations.waitMs(B)).to.be.within(0.8 * pauseMs, pauseMs);
    });
  }

  it('count refusals as failures only where the same will be tried again', async () => {
    const [a] = await startTwo({ routes: [profile(() => new Reply(403, {}, '{"errcode":"M_FORBIDDEN"}'))] });
    await failureOf(ask(a));
    expect(a.destinations.waitMs(B)).to.equal(0);
    await failureOf(a.client.call(B, queryProfile, { query: { user_id: alice }, backOffOnRefusal: true }));
    expect(a.destinations.waitMs(B)).to.be.greaterThan(0);
  });
});
