import { expect } from 'chai';
import { RepeatedBodies } from './repeated-bodies.ts';

describe('bodies that are repeated', () => {
  const [one, other] = [{ tokenId: 1 }, { tokenId: 2 }];
  let bodies: RepeatedBodies;
  let reads: number;
  const get = (caller: { readonly tokenId: number }, text: string): unknown =>
    bodies.get(caller, text, () => (reads++, JSON.parse(text) as unknown));
  beforeEach(() => {
    bodies = new RepeatedBodies();
    reads = 0;
  });

  it('are read once', () => {
    const body = get(one, '{"a":1}');
    expect(body).to.deep.equal({ a: 1 });
    expect([get(one, '{"a":1}') === body, reads]).to.deep.equal([true, 1]);
  });

  it('are one session’s own, and of the same words', () => {
    const body = get(one, '{"a":1}');
    expect(get(other, '{"a":1}')).not.to.equal(body);
    expect(get(one, '{"a": 1}')).not.to.equal(body);
    expect(get(one, '{"a":1}')).to.equal(body);
  });

  it('are of as many connections as clients have, not of all that were ever sent', () => {
    const first = get(one, '[0]');
    for (const n of [1, 2, 3]) get(one, `[${n}]`);
    expect(get(one, '[0]')).to.equal(first);
    get(one, '[4]');
    expect(get(one, '[0]')).not.to.equal(first);
    expect(get(one, '[0]')).to.deep.equal([0]);
  });

  it('are not kept where they cannot be read, or are long', () => {
    expect(() => get(one, '{')).to.throw();
    expect(() => get(one, '{')).to.throw();
    const long = JSON.stringify(['x'.repeat(10_000)]);
    expect(get(one, long)).not.to.equal(get(one, long));
    expect(reads).to.equal(4);
  });
});
