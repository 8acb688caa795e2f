import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { PASSWORD } from '../src/people.ts';

/** What a page has of a browser, as far as its script looks. */
const browser = (page: string, address: string, said: Record<string, string>) => {
  const script = /<script>([\s\S]*)<\/script>/.exec(page)?.[1] ?? '';
  const { origin, pathname, search } = new URL(address);
  const done: unknown[] = [];
  const status = { textContent: '' };
  let submit: ((event: object) => Promise<void>) | undefined;
  const form = { hidden: false, addEventListener: (_: string, listener: typeof submit) => (submit = listener) };
  const window = {
    onAuthDone: () => done.push('done'),
    matrixLogin: { onLogin: (session: unknown) => done.push(session) },
  };
  runInNewContext(script, {
    window,
    location: { pathname, search },
    document: { querySelector: (name: string) => (name === 'form' ? form : status) },
    URLSearchParams,
    FormData: class {
      *[Symbol.iterator]() {
        yield* Object.entries(said);
      }
    },
    fetch: (path: string, init: RequestInit) => fetch(origin + path, init),
  });
  return { done, status, submit: () => submit?.({ preventDefault: () => undefined }) };
};

describe('pages for clients that do not know a way to authenticate', () => {
  let network: TestNetwork;
  let url: string;
  before(async () => {
    const config = { registration: { open: false, tokens: ['sesame'] } };
    const configOf = (name: string) => (name === 'b.test' ? config : {});
    network = await TestNetwork.with({ names: ['a.test', 'b.test'], configOf });
    url = network.server('b.test').url;
  });
  after(() => network[Symbol.asyncDispose]());

  const stagePage = (stage: string, session: string, server = url) =>
    `${server}/_matrix/client/v3/auth/${stage}/fallback/web?session=${session}`;
  const open = async (address: string, said: Record<string, string>) => {
    const { status, headers, body } = await call('GET', address);
    expect([status, headers.get('content-type')]).to.deep.equal([200, 'text/html; charset=utf-8']);
    return browser(body, address, said);
  };

  it('let somebody register with a token', async () => {
    const register = (auth?: object) =>
      call('POST', `${url}/_matrix/client/v3/register`, { body: { username: 'nina', password: PASSWORD, auth } });
    const { session } = (await register()).body;
    const address = stagePage('m.login.registration_token', session);

    const wrong = await open(address, { token: 'open' });
    await wrong.submit();
    expect([wrong.done, wrong.status.textContent]).to.deep.equal([[], 'this registration token is not valid']);
    expect((await register({ session })).status).to.equal(401);

    const right = await open(address, { token: 'sesame' });
    await right.submit();
    expect(right.done).to.deep.equal(['done']);
    expect((await register({ session })).body).to.include({ user_id: '@nina:b.test' });
    expect((await register({ session })).body.errcode).to.equal('M_USER_IN_USE');
  });

  it('let somebody show their password again, for what was begun and for nothing else', async () => {
    const alice = await network.person('alice', 'a.test');
    const old = await alice.login();
    const remove = (auth?: object) => alice.request('POST', '/delete_devices', { devices: [old.deviceId], auth });
    const { session } = (await remove()).body;
    const page = await open(stagePage('m.login.password', session, alice.home.url), { password: PASSWORD });
    await page.submit();
    expect(page.done).to.deep.equal(['done']);
    const other = await alice.request('POST', '/account/deactivate', { auth: { session } });
    expect(other.status).to.equal(401);
    expect((await remove({ session })).status).to.equal(200);
    expect((await old.request('GET', '/account/whoami')).status).to.equal(401);
  });

  it('say so when there is no such session, stage or page', async () => {
    const late = await open(stagePage('m.login.dummy', 'none'), {});
    await late.submit();
    expect([late.done, late.status.textContent]).to.deep.equal([[], 'this took too long: begin again in your client']);
    const { session } = (await call('POST', `${url}/_matrix/client/v3/register`, { body: {} })).body;
    const skipped = await call('POST', stagePage('m.login.dummy', session), { body: { session } });
    expect([skipped.status, skipped.body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
    const unknown = await call('GET', stagePage('m.login.recaptcha', session));
    expect([unknown.status, unknown.body.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
  });

  it('let somebody log in, on the device that the client says', async () => {
    const alice = await network.person('alice', 'a.test');
    const address = `${alice.home.url}/_matrix/static/client/login/?device_id=PAGE`;
    const wrong = await open(address, { user: alice.name, password: 'wrong' });
    await wrong.submit();
    expect([wrong.done, wrong.status.textContent]).to.deep.equal([[], 'wrong user name or password']);
    const page = await open(address, { user: alice.name, password: PASSWORD });
    await page.submit();
    expect(page.done).to.have.length(1);
    expect(page.done[0]).to.include({ user_id: alice.userId, device_id: 'PAGE' });
  });
});
