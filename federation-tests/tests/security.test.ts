import { connect } from 'node:net';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { type Person, pathOf } from '../src/people.ts';

const POLLUTED = '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}},"body":"x"}';

describe('a server among people who mean it ill', () => {
  let network: TestNetwork;
  let mallory: Person;
  before(async () => {
    const rate = { per_second: 1, burst: 3 };
    const rate_limits = { login: rate, other: 'off', registration: { per_second: 1, burst: 5 }, message: 'off' };
    network = await TestNetwork.with({ names: ['a.test'], config: { rate_limits } });
    mallory = await network.person('mallory', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());
  const url = (path: string) => network.server('a.test').url + path;
  const raw = (method: string, path: string, body: string) =>
    call(method, url(`/_matrix/client/v3${path}`), { token: mallory.token, body });

  it('keeps names like __proto__ as the plain names that they are', async () => {
    const room = pathOf(await mallory.createRoom());
    const sent = await raw('PUT', `${room}/send/m.room.message/1`, POLLUTED);
    const { body: event } = await mallory.request('GET', `${room}/event/${encodeURIComponent(sent.body.event_id)}`);
    expect(JSON.stringify(event.content)).to.contain('"__proto__":{"polluted":"yes"}');
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const user = `/user/${mallory.userId}`;
      expect((await raw('PUT', `${user}/account_data/${name}`, POLLUTED)).status).to.equal(200);
      expect((await mallory.ask('GET', `${user}/account_data/${name}`)).body).to.equal('x');
      expect((await raw('PUT', `${room}/state/${name}/${name}`, POLLUTED)).status).to.equal(200);
      expect((await mallory.ask('GET', `${room}/state/${name}/${name}`)).body).to.equal('x');
      expect((await mallory.request('GET', `/profile/${mallory.userId}/${name}`)).status).to.equal(404);
      const tag = `${user}${room}/tags/${name}`;
      expect((await raw('PUT', tag, '{"order":0.5}')).status).to.equal(200);
      expect((await mallory.ask('GET', `${user}${room}/tags`)).tags).to.have.own.property(name);
    }
    const levels = `{"users":{"@__proto__:a.test":50},"__proto__":{"ban":0},"events":{"__proto__":0}}`;
    expect((await raw('PUT', `${room}/state/m.room.power_levels/`, levels)).status).to.equal(200);
    await mallory.ask('GET', '/sync');
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });

  it('lets nobody guess passwords or open accounts at will', async () => {
    const guess = () =>
      call('POST', url('/_matrix/client/v3/login'), {
        body: { type: 'm.login.password', identifier: { type: 'm.id.user', user: mallory.name }, password: 'guess' },
      });
    const statuses = [];
    for (let n = 0; n < 5; n++) statuses.push((await guess()).status);
    expect(statuses).to.deep.equal([403, 403, 403, 429, 429]);
    const last = await guess();
    expect(last.body.errcode).to.equal('M_LIMIT_EXCEEDED');
    expect(last.body.retry_after_ms).to.be.greaterThan(0);
    expect(Number(last.headers.get('retry-after'))).to.be.greaterThan(0);
    const register = (name: string) =>
      call('POST', url('/_matrix/client/v3/register'), {
        body: { username: name, password: 'correct horse battery', auth: { type: 'm.login.dummy' } },
      });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => register(`puppet${n}`)));
    expect(answers.filter(({ status }) => status === 429).length).to.be.greaterThan(2);
  });

  it('serves no file but those of its client', async () => {
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/..%2fpackage.json',
      '/%00',
      '//etc/passwd',
      '/.env',
    ]) {
      const answer = await requestLine(path);
      expect(answer, path).to.match(/^HTTP.1.1 (30|40)/);
    }
  });

  it('gives up on headers that are too long', async () => {
    const answer = await call('GET', url('/_matrix/client/versions'), { headers: { 'x-long': 'x'.repeat(20_000) } });
    expect(answer.status).to.equal(431);
  });

  const requestLine = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(network.server('a.test').port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`),
      );
      socket.once('data', (data) => resolve(data.toString().split('\r\n')[0]!));
      socket.once('error', reject);
    });
});
