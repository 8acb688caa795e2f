import { clientEndpoint } from '@holm/spec/endpoint';
import { formats, nothing } from '@holm/spec/formats';
import { Type } from '@sinclair/typebox';
import { expect } from 'chai';
import { createTestApp, serve, type TestServer } from '../testing/http.ts';
import { jsonText, jsonTexts } from './reply.ts';
import { route } from './route.ts';

const list = clientEndpoint({
  operationId: 'list',
  method: 'GET',
  path: '/_matrix/client/v3/list/:how',
  auth: 'none',
  params: Type.Object({ how: Type.String() }),
  query: nothing,
  body: nothing,
  response: formats.json,
});

const items = Array.from({ length: 30_000 }, (_, n) => `item ${n} 🛶`);

async function* textsOf(all: readonly string[], fault?: Error): AsyncGenerator<string, void> {
  yield '[""';
  for (let at = 0; at < all.length; at += 500) {
    const some = all.slice(at, at + 500).map((item) => `,${JSON.stringify(item)}`);
    yield await Promise.resolve(some.join(''));
  }
  if (fault) throw fault;
  yield ']';
}

const ANSWERS = {
  text: () => Promise.resolve(jsonText(JSON.stringify(['', ...items]))),
  pieces: () => jsonTexts(textsOf(items)),
  short: () => jsonTexts((async function* () { yield await Promise.resolve('[""]'); })()), // prettier-ignore
  broken: () => jsonTexts(textsOf(items, new Error('expected: it breaks'))),
  'broken at once': () => jsonTexts((async function* () { yield* []; await Promise.reject(new Error('expected')); })()), // prettier-ignore
};

describe('a long answer', () => {
  let server: TestServer;
  before(async () => {
    const routes = [route(list, ({ params }) => ANSWERS[params.how as keyof typeof ANSWERS]())];
    server = await serve(createTestApp(routes).handler());
  });
  after(() => server[Symbol.asyncDispose]());
  const get = (how: string, encoding: string) =>
    fetch(`${server.origin}/_matrix/client/v3/list/${how}`, { headers: { 'accept-encoding': encoding } });

  for (const how of ['text', 'pieces']) {
    for (const encoding of ['identity', 'gzip']) {
      it(`of ${how} arrives whole, encoded as ${encoding}`, async () => {
        const answer = await get(how, encoding);
        expect(answer.headers.get('content-encoding')).to.equal(encoding === 'gzip' ? 'gzip' : null);
        expect(answer.headers.get('content-type')).to.equal('application/json');
        expect(answer.headers.get('vary')).to.equal('Accept-Encoding');
        expect(await answer.json()).to.eql(['', ...items]);
      });
    }
  }

  it('that is short after all is sent as any other', async () => {
    const answer = await get('short', 'gzip');
    expect(answer.headers.get('content-length')).to.equal('4');
    expect(await answer.json()).to.eql(['']);
  });

  for (const encoding of ['identity', 'gzip']) {
    it(`that breaks on its way is not taken for a whole one, encoded as ${encoding}`, async () => {
      const answer = await get('broken', encoding);
      expect(await answer.text().catch((error: unknown) => error)).to.be.instanceOf(Error);
    });
  }

  it('that breaks before anything is sent is an error', async () => {
    expect((await get('broken at once', 'gzip')).status).to.equal(500);
  });
});
