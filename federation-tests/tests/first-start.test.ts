import { expect } from 'chai';
import { call } from '../src/http.ts';
import { freePort, ServerProcess } from '../src/process.ts';

/** What `npm start` gives to somebody who has configured next to nothing: with a database of its own. */
describe('a server that nobody has configured', () => {
  it('starts, prints one sign-up link, and starts again within two seconds', async function () {
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

    expect(await server.start()).to.be.lessThan(2);
    expect(server.output.join('\n')).not.to.contain('signup?token=');
    expect((await call('GET', `${server.url}/_matrix/client/versions`)).status).to.equal(200);
  });
});
