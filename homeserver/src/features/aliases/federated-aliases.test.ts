import { MatrixError } from '@holm/spec/errors';
import { RoomAlias } from '@holm/spec/ids';
import { expect } from 'chai';
import { FederationError } from '../../federation/client/federation-error.ts';
import { federatedAliases } from './index.ts';

const alias = RoomAlias.parse('#room:b.test');

const ask = (call: () => Promise<unknown>) =>
  federatedAliases({ call: call })
    .query(alias)
    .catch((error: unknown) => (error instanceof MatrixError ? [error.status, error.errcode] : error));

describe('aliases of other servers', () => {
  it('lead where their server says, as far as that makes sense', async () => {
    const answer = { room_id: '!room:b.test', servers: ['b.test', 'no server', 'c.test'] };
    expect(await ask(async () => answer)).to.eql({ roomId: '!room:b.test', servers: ['b.test', 'c.test'] });
    expect(await ask(async () => ({ ...answer, room_id: 'nonsense' }))).to.equal(undefined);
  });

  it('fail as the client should hear it', async () => {
    const failing = (failure: FederationError['failure'], status?: number) =>
      ask(() =>
        Promise.reject(new FederationError(failure, 'b.test' as never, status === undefined ? {} : { status })),
      );
    expect(await failing('refused', 404)).to.equal(undefined);
    expect(await failing('forbidden')).to.eql([403, 'M_FORBIDDEN']);
    expect(await failing('unreachable')).to.eql([502, 'M_UNKNOWN']);
  });
});
