import { extensionEndpoints } from '../../spec/coverage/contract.ts';
import { disagreements, readLedger } from '../../spec/coverage/ledger.ts';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';

describe('the coverage ledger', () => {
  it('says of exactly the operations that a server mounts that they are there', async () => {
    await using network = await TestNetwork.start('a.test');
    const mounted = network.server('a.test').running.routes.map(({ endpoint }) => endpoint);
    const extensions = await extensionEndpoints();
    const specified = mounted.filter((endpoint) => !extensions.includes(endpoint));
    expect(disagreements(readLedger(), specified)).to.deep.equal([]);
  });
});
