import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';

describe('word of proofs for invites', () => {
  it('costs a stranger who has us ask many servers as much as many requests', async () => {
    const limits = { rate_limits: { invite: { per_second: 1, burst: 5 } } };
    await using limited = await TestNetwork.with({ names: ['c.test'], config: limits });
    const carol = await limited.person('carol', 'c.test');
    const tell = async (count: number): Promise<number> => {
      const body = {
        medium: 'email',
        address: 'eve@example.org',
        mxid: carol.userId,
        invites: Array.from({ length: count }, () => ({})),
      };
      return (await call('PUT', `${carol.home.url}/_matrix/federation/v1/3pid/onbind`, { body })).status;
    };
    expect(await tell(50)).to.equal(200);
    expect(await tell(1)).to.equal(429);
    limited.clock.advance(30_000);
    expect(await tell(1)).to.equal(429);
    limited.clock.advance(20_000);
    expect(await tell(1)).to.equal(200);
  });
});
