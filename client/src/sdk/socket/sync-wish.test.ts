import { expect } from 'chai';
import { pauseAfter } from './pauses.ts';
import { emptyAnswer, syncWishIn } from './sync-wish.ts';

const V3 = '/_matrix/client/v3/sync';
const SLIDING = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';

describe('a request of sync', () => {
  const wishOf = (path: string) => syncWishIn({ method: 'GET', path, body: '' });

  it('is one follow wherever it goes on, and another with other parameters', () => {
    const one = wishOf(`${V3}?filter=0&timeout=30000&since=s1_1`)!;
    const next = wishOf(`${V3}?filter=0&timeout=0&since=s1_2&_cacheBuster=3`)!;
    expect(one).to.deep.include({ dialect: 'v3', pos: 's1_1', timeoutMs: 30_000, query: { filter: '0' } });
    expect(next.key).to.equal(one.key);
    expect(wishOf(`${V3}?filter=1&since=s1_2`)!.key).to.not.equal(one.key);
  });

  it('has its flags as booleans, as the server wants them', () => {
    const query = wishOf(`${V3}?full_state=true&use_state_after=false`)?.query;
    expect(query).to.deep.equal({ full_state: true, use_state_after: false });
  });

  it('of sliding sync says in its query, or in its body, where it goes on', () => {
    const body = '{"lists":{}}';
    const unstable = syncWishIn({ method: 'POST', path: `${SLIDING}?pos=p&timeout=10`, body })!;
    expect(unstable).to.deep.include({ dialect: 'simplified_msc3575', pos: 'p', timeoutMs: 10, body });
    const [one, other] = ['a', 'b'].map((pos) =>
      syncWishIn({ method: 'POST', path: '/_matrix/client/v4/sync', body: JSON.stringify({ pos, timeout: 5 }) }),
    );
    expect(one).to.deep.include({ dialect: 'v4', pos: 'a', timeoutMs: 5, key: other!.key });
    expect(JSON.parse(emptyAnswer(one!))).to.include({ pos: 'a' });
  });

  it('is nothing else', () => {
    expect(wishOf('/_matrix/client/v3/account/whoami')).to.equal(undefined);
    expect(syncWishIn({ method: 'POST', path: V3, body: '' })).to.equal(undefined);
  });
});

describe('the pause before a socket is opened again', () => {
  it('is short and spread out after a restart, grows with failures, and has no end without a session', () => {
    expect([0, 0.5].map((chance) => pauseAfter(1001, 0, chance))).to.deep.equal([0, 2_500]);
    expect([0, 1, 2, 30].map((failures) => pauseAfter(1006, failures, 1))).to.deep.equal([
      1_000, 2_000, 4_000, 300_000,
    ]);
    expect([4001, 4002].map((code) => pauseAfter(code, 0, 0))).to.deep.equal([undefined, undefined]);
    expect([4029, 4000, 1009].map((code) => pauseAfter(code, 0, 0))).to.deep.equal([300_000, 300_000, 300_000]);
  });
});
