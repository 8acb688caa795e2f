import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { clientEndpoint } from '@holm/spec/endpoint';
import { MatrixError } from '@holm/spec/errors';
import { formats } from '@holm/spec/formats';
import { Type } from '@sinclair/typebox';
import { expect } from 'chai';
import { createLog } from '../platform/log.ts';
import { createTestApp, serve, type TestServer } from '../testing/http.ts';
import type { App } from './app.ts';
import { HungUpError } from './body.ts';
import { Later, type Waiting } from './later.ts';
import { jsonText } from './reply.ts';
import { type Request, route } from './route.ts';

const wait = clientEndpoint({
  operationId: 'wait',
  method: 'POST',
  path: '/_matrix/client/v3/wait',
  auth: 'none',
  params: Type.Object({}),
  query: Type.Object({}),
  body: Type.Object({ words: Type.String() }),
  response: formats.json,
});

/** One whose answer the test gives. */
class Patient implements Waiting<string> {
  readonly answer = Promise.withResolvers<string>();
  readonly waits = Promise.withResolvers<void>();
  readonly hurried = Promise.withResolvers<void>();
  readonly abandoned = Promise.withResolvers<void>();

  constructor() {
    // It may be rejected before anybody waits for it.
    this.answer.promise.catch(() => undefined);
  }

  wait(ready: (answer: Promise<string>) => void): void {
    this.waits.resolve();
    const tell = () => ready(this.answer.promise);
    this.answer.promise.then(tell, tell);
  }

  hurry(): void {
    this.hurried.resolve();
  }

  abandon(): void {
    this.abandoned.resolve();
  }
}

describe('an answer that comes later', () => {
  let app: App;
  let server: TestServer;
  let patient: Patient;
  let seen: WeakRef<Request<typeof wait>>;
  const lines: string[] = [];

  beforeEach(async () => {
    lines.length = 0;
    patient = new Patient();
    const log = createLog('error', { write: (line) => lines.push(line) });
    const waits = route(wait, (request) => {
      seen = new WeakRef(request);
      return Promise.resolve(Later.from(patient, (text) => jsonText(text)));
    });
    app = createTestApp([waits], { log });
    server = await serve(app.handler());
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const ask = (init: RequestInit = {}) =>
    fetch(`${server.origin}/_matrix/client/v3/wait`, { method: 'POST', body: '{"words":"many"}', ...init });

  it('is sent as any other, with the headers of all', async () => {
    const asked = ask();
    await patient.waits.promise;
    patient.answer.resolve('{"told":true}');
    const answer = await asked;
    expect(await answer.json()).to.eql({ told: true });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).to.eql([200, '*']);
    expect(answer.headers.get('x-request-id')).to.be.a('string');
  });

  it('may be a refusal, or a failure that is logged for its request', async () => {
    const refused = ask();
    patient.answer.reject(new MatrixError('M_UNKNOWN_TOKEN', 'over'));
    expect((await refused).status).to.equal(401);
    expect(lines).to.eql([]);
    patient = new Patient();
    const failed = ask();
    patient.answer.reject(new TypeError('a secret of ours'));
    const answer = await failed;
    expect([answer.status, (await answer.text()).includes('secret')]).to.eql([500, false]);
    expect(lines.map((line) => (JSON.parse(line) as { requestId: string }).requestId)).to.eql([
      answer.headers.get('x-request-id'),
    ]);
  });

  it('is not waited for any longer when the client hangs up', async () => {
    const client = new AbortController();
    const asked = ask({ signal: client.signal }).catch(() => 'gone');
    await patient.waits.promise;
    client.abort();
    await patient.abandoned.promise;
    patient.answer.reject(new HungUpError('nobody waits'));
    expect(await asked).to.equal('gone');
    expect(lines).to.eql([]);
  });

  it('is hurried when the server stops, also for who comes after', async () => {
    const asked = ask();
    await patient.waits.promise;
    app.drain();
    await patient.hurried.promise;
    patient.answer.resolve('{}');
    expect((await asked).headers.get('connection')).to.equal('close');
    patient = new Patient();
    const late = ask();
    await patient.hurried.promise;
    patient.answer.resolve('{}');
    expect((await late).status).to.equal(200);
  });

  it('keeps nothing of what its request came through', async () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const asked = ask();
    await patient.waits.promise;
    // A reference that has been looked at, or made, lives to the end of that turn.
    for (let turn = 0; turn < 20 && seen.deref() !== undefined; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(seen.deref()).to.equal(undefined);
    patient.answer.resolve('{}');
    await asked;
  });
});
