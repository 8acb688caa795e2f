import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type TestServer, createTestApp, serve } from '../../testing/http.ts';
import { webClientRoutes } from './web-client.routes.ts';

describe('the web client', () => {
  let folder: string;
  let server: TestServer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holm-client-'));
    writeFileSync(join(folder, 'secret.txt'), 'not for you');
    server = await serve(createTestApp([], { plainRoutes: webClientRoutes(join(folder, 'dist')) }).handler());
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  const get = (path: string, headers: Record<string, string> = { accept: 'text/html' }) =>
    fetch(`${server.origin}${path}`, { headers });

  it('says what to do while it is not built, and notices when it is', async () => {
    const missing = await get('/');
    expect(missing.status).to.equal(503);
    expect(await missing.text()).to.contain('npm run build');
    mkdirSync(join(folder, 'dist/assets'), { recursive: true });
    writeFileSync(join(folder, 'dist/index.html'), '<title>Holm</title>');
    writeFileSync(join(folder, 'dist/assets/main-B5Qt9EMX.js'), `//${'x'.repeat(3000)}`);
    writeFileSync(join(folder, 'dist/assets/service-worker.js'), '//');
    const built = await get('/');
    expect([built.status, await built.text()]).to.eql([200, '<title>Holm</title>']);
    expect(built.headers.get('cache-control')).to.equal('no-cache');
    expect(built.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(built.headers.get('content-security-policy')).to.contain("default-src 'none'");
    expect(built.headers.get('x-content-type-options')).to.equal('nosniff');
  });

  it('lets hashed files be kept for ever, and only those', async () => {
    const hashed = await get('/assets/main-B5Qt9EMX.js', { 'accept-encoding': 'gzip' });
    expect(hashed.headers.get('cache-control')).to.equal('public, max-age=31536000, immutable');
    expect(hashed.headers.get('content-encoding')).to.equal('gzip');
    expect((await hashed.text()).length).to.equal(3002);
    const plain = await get('/assets/main-B5Qt9EMX.js', { 'accept-encoding': 'gzip;q=0' });
    expect(plain.headers.get('content-encoding')).to.equal(null);
    expect((await get('/assets/service-worker.js')).headers.get('cache-control')).to.equal('no-cache');
  });

  it('reads a file again that could not be read once', async () => {
    const file = join(folder, 'dist/assets/late.js');
    writeFileSync(file, '//');
    utimesSync(join(folder, 'dist/index.html'), 2, 2);
    await get('/');
    rmSync(file);
    expect((await get('/assets/late.js')).status).to.equal(500);
    writeFileSync(file, '//');
    expect((await get('/assets/late.js')).status).to.equal(200);
  });

  it('notices a new build', async () => {
    writeFileSync(join(folder, 'dist/index.html'), '<title>New</title>');
    utimesSync(join(folder, 'dist/index.html'), 1, 1);
    expect(await (await get('/')).text()).to.equal('<title>New</title>');
    writeFileSync(join(folder, 'dist/index.html'), '<title>Holm</title>');
    expect(await (await get('/')).text()).to.equal('<title>Holm</title>');
  });

  it('gives its own addresses to the client, and a page for the rest', async () => {
    expect(await (await get('/room/!abc')).text()).to.equal('<title>Holm</title>');
    for (const path of ['/missing.js', '/_private', '/.well-known/other', '/%zz.html']) {
      const answer = await get(path);
      expect(answer.status, path).to.equal(404);
      expect(await answer.text()).to.contain('nothing here');
    }
    expect((await get('/room', { accept: 'application/json' })).status).to.equal(404);
    expect((await get('/_matrix/client/v3/nothing')).headers.get('content-type')).to.equal('application/json');
  });

  it('serves nothing outside of its folder', async () => {
    for (const path of ['/../secret.txt', '/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt', '/%2e%2e/secret.txt']) {
      expect((await get(path)).status, path).to.equal(404);
    }
  });
});
