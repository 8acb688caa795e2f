import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { freePort, ServerProcess } from '../src/process.ts';

const LOADED_MODULES = new URL('../src/loaded-modules.ts', import.meta.url);

/** The packages that a list of addresses of modules leads into. */
const packagesOf = (modules: string): ReadonlySet<string> =>
  new Set([...modules.matchAll(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map(([, name = '']) => name));

/** What `npm start` gives to somebody who has configured next to nothing: with a database of its own. */
describe('a server that nobody has configured', () => {
  it('starts, prints one sign-up link, and starts again in no time', async function () {
    this.timeout(90_000); // the first start makes the database
    await using server = new ServerProcess({ name: 'localhost', port: await freePort() });
    await server.start();
    const link = new URL(await server.signUpLink());
    const token = new URLSearchParams(link.hash.slice(link.hash.indexOf('?'))).get('token');
    const register = (username: string) =>
      call('POST', `${server.url}/_matrix/client/v3/register`, {
        body: { username, password: 'a long password', auth: { type: 'm.login.registration_token', token } },
      });
    expect((await register('mallory')).status).to.equal(200);
    expect((await register('eve')).status, 'the link works once').to.equal(403);
    await server.stop();

    // One second where nothing else runs (docs/benchmarks.md).
    expect(await server.start()).to.be.lessThan(10);
    expect(server.output.join('\n')).not.to.contain('signup?token=');
    expect((await call('GET', `${server.url}/_matrix/client/versions`)).status).to.equal(200);
  });

  it('loads nothing, even at its first start, that no request has asked for', async function () {
    this.timeout(90_000);
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'holm-loaded-'));
    stack.defer(() => rmSync(folder, { recursive: true }));
    const list = join(folder, 'modules');
    const preload = Object.assign(new URL(LOADED_MODULES), { search: `into=${list}` }).href;
    const config = { registration: { open: true } };
    const server = stack.use(new ServerProcess({ name: 'localhost', port: await freePort(), config, preload }));
    await server.start();
    const auth = { type: 'm.login.dummy' };
    const { body } = await call('POST', `${server.url}/_matrix/client/v3/register`, {
      body: { username: 'ann', password: 'a long password', auth },
    });
    const token = String(body.access_token);
    expect((await call('POST', `${server.url}/_matrix/client/v3/createRoom`, { token, body: {} })).status).to.equal(
      200,
    );
    expect((await call('GET', `${server.url}/_matrix/client/v3/sync`, { token })).status).to.equal(200);

    const modules = readFileSync(list, 'utf8');
    const packages = packagesOf(modules);
    expect([...packages], 'the list is one of what is loaded').to.include.members(['pg', 'koa']);
    expect(modules).to.contain('/features/calls/calls.service.ts');
    const heavy = ['typeorm', 'mediasoup', 'mediasoup-client', '@livekit/protocol', 'undici', 'sharp', 'htmlparser2'];
    expect(heavy.filter((name) => packages.has(name))).to.eql([]);
  });
});
