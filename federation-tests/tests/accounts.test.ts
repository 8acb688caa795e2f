import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { PASSWORD, Person } from '../src/people.ts';

describe('accounts', () => {
  let network: TestNetwork;
  before(async () => {
    network = await TestNetwork.start('a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  it('are registered after the stages that the server asks for', async () => {
    const url = `${network.server('a.test').url}/_matrix/client/v3/register`;
    const wish = { username: 'carol', password: 'a long password' };
    const asked = await call('POST', url, { body: wish });
    expect(asked.status).to.equal(401);
    expect(asked.body.flows).to.deep.equal([{ stages: ['m.login.dummy'] }]);
    const auth = { type: 'm.login.dummy', session: asked.body.session };
    const made = await call('POST', url, { body: { ...wish, auth } });
    expect(made.body).to.include({ user_id: '@carol:a.test' });
    const again = await call('POST', url, { body: { ...wish, auth: { type: 'm.login.dummy' } } });
    expect([again.status, again.body.errcode]).to.deep.equal([400, 'M_USER_IN_USE']);
  });

  it('are registered at once by clients that say null for the session that they have not', async () => {
    const url = `${network.server('a.test').url}/_matrix/client/v3/register`;
    const auth = { type: 'm.login.dummy', session: null };
    const made = await call('POST', url, { body: { username: 'ruth', password: 'a long password', auth } });
    expect(made.body).to.include({ user_id: '@ruth:a.test' });
  });

  it('log in and out, each device for itself', async () => {
    const phone = await network.person('alice', 'a.test');
    const laptop = await phone.login();
    expect(laptop.deviceId).not.to.equal(phone.deviceId);
    expect(await laptop.ask('GET', '/account/whoami')).to.include({
      user_id: phone.userId,
      device_id: laptop.deviceId,
    });
    await laptop.ask('POST', '/logout', {});
    const gone = await laptop.request('GET', '/account/whoami');
    expect([gone.status, gone.body.errcode]).to.deep.equal([401, 'M_UNKNOWN_TOKEN']);
    expect(await phone.ask('GET', '/account/whoami')).to.include({ device_id: phone.deviceId });
  });

  it('end all of their sessions at once', async () => {
    const phone = await network.person('alice', 'a.test');
    const laptop = await phone.login();
    await phone.ask('POST', '/logout/all', {});
    for (const device of [phone, laptop]) expect((await device.request('GET', '/account/whoami')).status).to.equal(401);
  });

  it('are not used by what a session that is over began to say before', async () => {
    const phone = await network.person('alice', 'a.test');
    const room = await phone.createRoom();
    const laptop = await phone.login();
    const slow = request(
      `${laptop.home.url}/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/1`,
      {
        method: 'PUT',
        headers: { authorization: `Bearer ${laptop.token}`, 'content-type': 'application/json' },
      },
    );
    slow.write('{"msgtype":"m.text",');
    await once(slow, 'socket');
    await laptop.ask('GET', '/account/whoami'); // what came before is being read
    await phone.ask('POST', '/logout/all', {});
    slow.end('"body":"late"}');
    const [answer] = (await once(slow, 'response')) as [IncomingMessage];
    expect(answer.statusCode).to.equal(401);
    expect(await json(answer)).to.include({ errcode: 'M_UNKNOWN_TOKEN' });
  });

  it('cannot be entered with another password', async () => {
    const alice = await network.person('alice', 'a.test');
    const body = { type: 'm.login.password', identifier: { type: 'm.id.user', user: alice.userId }, password: 'wrong' };
    const answer = await call('POST', `${network.server('a.test').url}/_matrix/client/v3/login`, { body });
    expect([answer.status, answer.body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
  });

  it("are not proved by an address that is nobody's", async () => {
    const alice = await network.person('alice', 'a.test');
    const type = 'm.login.password';
    const remove = (auth: object) => alice.request('DELETE', '/devices/NONE', { auth: { type, ...auth } });
    for (const kind of ['m.id.thirdparty', 'm.id.phone', 'm.id.magic']) {
      const identifier = { type: kind, medium: 'email', address: 'alice@a.test' };
      const answer = await remove({ identifier, password: PASSWORD });
      expect([answer.status, answer.body.errcode], kind).to.deep.equal([401, 'M_FORBIDDEN']);
    }
    expect((await remove({ password: PASSWORD })).status).to.equal(200);
  });

  it('have names that clients may ask about first', async () => {
    const alice = await network.person('alice', 'a.test');
    const available = (name: string) => alice.request('GET', `/register/available?username=${name}`);
    expect((await available('nobody')).body).to.deep.equal({ available: true });
    expect((await available(alice.name)).body.errcode).to.equal('M_USER_IN_USE');
    expect((await available('No Body')).body.errcode).to.equal('M_INVALID_USERNAME');
  });

  it('are where a client finds them: versions, capabilities, log-in flows', async () => {
    const { url } = network.server('a.test');
    const versions = await call('GET', `${url}/_matrix/client/versions`);
    expect(versions.body.versions).to.include('v1.11');
    const flows = await call('GET', `${url}/_matrix/client/v3/login`);
    expect(flows.body.flows).to.deep.include({ type: 'm.login.password' });
    const alice: Person = await network.person('alice', 'a.test');
    const { capabilities } = await alice.ask('GET', '/capabilities');
    expect(capabilities['m.room_versions'].default).to.equal('12');
    expect(Object.keys(capabilities['m.room_versions'].available)).to.have.length(12);
  });

  it('can be opened by those who asked often whether a name is free', async () => {
    const config = { rate_limits: { registration: { per_second: 0.001, burst: 1 } } };
    await using hurried = await TestNetwork.with({ names: ['c.test'], config });
    const { url } = hurried.server('c.test');
    for (const name of ['dora', 'dora1', 'dora2']) {
      const free = await call('GET', `${url}/_matrix/client/v3/register/available?username=${name}`);
      expect(free.body).to.deep.equal({ available: true });
    }
    const dora = await hurried.person('dora', 'c.test');
    expect(dora.userId).to.match(/^@dora/);
    const again = await call('POST', `${url}/_matrix/client/v3/register`, { body: {} });
    expect([again.status, again.body.errcode]).to.deep.equal([429, 'M_LIMIT_EXCEEDED']);
    expect(Number(again.headers.get('retry-after'))).to.be.greaterThan(0);
  });
});
