import { MatrixError } from '@holm/spec/errors';
import { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { FederationError } from '../../federation/client/federation-error.ts';
import { federatedProfiles } from './index.ts';

const bob = UserId.parse('@bob:b.test');

const answering = (call: (...all: unknown[]) => Promise<unknown>) => federatedProfiles({ call: call });

const failing = (failure: FederationError['failure'], status?: number) =>
  answering(() =>
    Promise.reject(new FederationError(failure, 'b.test' as never, status === undefined ? {} : { status })),
  )
    .query(bob)
    .catch((error: unknown) => (error instanceof MatrixError ? [error.status, error.errcode] : error));

describe('profiles of other servers', () => {
  it('are asked of the server of the user, whole or in part', async () => {
    const calls: unknown[][] = [];
    const profiles = answering(async (...all) => {
      calls.push([all[0], all[2]]);
      return { displayname: 'Bob' };
    });
    expect(await profiles.query(bob)).to.eql({ displayname: 'Bob' });
    await profiles.query(bob, 'displayname');
    expect(calls).to.eql([
      ['b.test', { query: { user_id: bob }, maxBytes: 131_072 }],
      ['b.test', { query: { user_id: bob, field: 'displayname' }, maxBytes: 131_072 }],
    ]);
  });

  it('fail as the client should hear it', async () => {
    expect(await failing('refused', 404)).to.equal(undefined);
    expect(await failing('refused', 403)).to.eql([403, 'M_FORBIDDEN']);
    expect(await failing('forbidden')).to.eql([403, 'M_FORBIDDEN']);
    for (const failure of ['unreachable', 'backing off', 'malformed'] as const) {
      expect(await failing(failure)).to.eql([502, 'M_UNKNOWN']);
    }
    expect(await failing('refused', 500)).to.eql([502, 'M_UNKNOWN']);
  });
});
