import { expect } from 'chai';
import { clientEndpoint, type Endpoint } from '@holm/spec/endpoint';
import { nothing } from '@holm/spec/formats';
import { definedEndpoints } from './contract.ts';
import { broughtUp, disagreements, flaws, readLedger, type Entry } from './ledger.ts';

const entry = (changes: Partial<Entry> = {}): Entry => ({
  api: 'client-server',
  module: 'session management',
  operationId: 'logout',
  method: 'POST',
  path: '/_matrix/client/v3/logout/{deviceId}',
  since: null,
  status: 'done',
  note: '',
  ...changes,
});

const endpoint = (changes: Partial<Endpoint> = {}): Endpoint => ({
  ...clientEndpoint({
    operationId: 'logout',
    method: 'POST',
    path: '/_matrix/client/v3/logout/:device',
    auth: 'user',
    params: nothing,
    query: nothing,
    body: nothing,
    response: nothing,
  }),
  ...changes,
});

describe('the coverage ledger', () => {
  it('lists every operation that the specification asks of a homeserver', () => {
    const ledger = readLedger();
    const count = (api: string) => ledger.filter((each) => each.api === api).length;
    expect([count('client-server'), count('server-server')]).to.deep.equal([166, 36]);
    expect(flaws(ledger)).to.deep.equal([]);
  });

  it('claims exactly the operations that the contract defines', async () => {
    expect(disagreements(readLedger(), await definedEndpoints())).to.deep.equal([]);
  });

  it('takes parameters by their place, and an alias for the operation', () => {
    expect(disagreements([entry()], [endpoint()])).to.deep.equal([]);
    expect(disagreements([entry({ path: '/_matrix/client/r0/logout/{deviceId}' })], [endpoint()])).to.deep.equal([]);
  });

  const wrong: readonly (readonly [string, Entry, Endpoint[], string])[] = [
    ['a claim without a mount', entry(), [], 'is "done" but not mounted'],
    ['a mount without a claim', entry({ status: 'not built' }), [endpoint()], 'is mounted but "not built"'],
    ['another method', entry(), [endpoint(), endpoint({ method: 'GET' })], 'is mounted but not in the ledger'],
    ['another name', entry(), [endpoint({ operationId: 'logoff' })], 'is mounted but not in the ledger'],
  ];
  for (const [what, claimed, mounted, said] of wrong) {
    it(`sees ${what}`, () => {
      const found = disagreements([claimed], mounted);
      expect(found).to.have.length(1);
      expect(found[0]).to.contain(said);
    });
  }

  it('lets two operations share an address and only one of them be built', () => {
    const other = entry({ operationId: 'logoutByProxy', status: 'not built' });
    expect(disagreements([entry(), other], [endpoint()])).to.deep.equal([]);
  });

  it('sees an entry that is there twice, and a partial one that does not say why', () => {
    expect(flaws([entry(), entry()])).to.have.length(1);
    expect(flaws([entry({ status: 'partial', note: ' ' })])).to.have.length(1);
  });

  it('can be brought up to what is mounted', () => {
    const stale = [entry({ status: 'not built' }), entry({ path: '/gone', operationId: 'gone' })];
    const fresh = broughtUp(stale, [endpoint()]);
    expect(fresh.map(({ status }) => status)).to.deep.equal(['partial', 'not built']);
    expect(disagreements(fresh, [endpoint()])).to.deep.equal([]);
  });
});
