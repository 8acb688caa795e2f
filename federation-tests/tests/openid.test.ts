import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { type Answer, call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

/** https://spec.matrix.org/latest/client-server-api/#openid */
describe('proofs of who somebody is', () => {
  let network: TestNetwork;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());

  const ask = (who: Person, userId = who.userId): Promise<Answer> =>
    who.request('POST', `/user/${encodeURIComponent(userId)}/openid/request_token`, {});
  const exchange = (who: Person, token: string): Promise<Answer> =>
    call('GET', `${who.home.url}/_matrix/federation/v1/openid/userinfo?access_token=${encodeURIComponent(token)}`);

  it('are given to their owner, and tell services who that is for an hour', async () => {
    const alice = await network.person('alice', 'a.test');
    const { body } = await ask(alice);
    expect(body).to.deep.include({ token_type: 'Bearer', matrix_server_name: 'a.test', expires_in: 3600 });
    const token = String(body.access_token);
    expect(await exchange(alice, token)).to.deep.include({ status: 200, body: { sub: alice.userId } });
    network.clock.advance(3_599_000);
    expect((await exchange(alice, token)).status).to.equal(200);
    network.clock.advance(1_000);
    const late = await exchange(alice, token);
    expect([late.status, late.body.errcode]).to.deep.equal([401, 'M_UNKNOWN_TOKEN']);
    await network.server('a.test').running.services.features.openId.forgetExpired();
    expect(await network.server('a.test').rows(sql`SELECT FROM openid_tokens`)).to.have.length(0);
  });

  it('are good for nothing else, and nothing else is good for them', async () => {
    const alice = await network.person('alice', 'a.test');
    const { body } = await ask(alice);
    const token = String(body.access_token);
    const whoami = await call('GET', `${alice.home.url}/_matrix/client/v3/account/whoami`, { token });
    expect([whoami.status, whoami.body.errcode]).to.deep.equal([401, 'M_UNKNOWN_TOKEN']);
    expect((await exchange(alice, alice.token)).status).to.equal(401);
    expect(JSON.stringify(await network.server('a.test').rows(sql`SELECT * FROM openid_tokens`))).not.to.contain(token);
  });

  it('are not given to others, nor good for an account that is closed', async () => {
    const [alice, bob] = [await network.person('alice', 'a.test'), await network.person('bob', 'a.test')];
    const other = await ask(bob, alice.userId);
    expect([other.status, other.body.errcode]).to.deep.equal([403, 'M_FORBIDDEN']);
    const { body } = await ask(alice);
    await alice.deactivate();
    expect((await exchange(bob, String(body.access_token))).status).to.equal(401);
    const url = `${bob.home.url}/_matrix/federation/v1/openid/userinfo`;
    expect((await call('GET', url)).body.errcode).to.equal('M_MISSING_PARAM');
  });
});
