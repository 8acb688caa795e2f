import { expect } from 'chai';
import { Lazy } from './lazy.ts';

describe('what is made when it is asked for', () => {
  it('is made once, for all who ask', async () => {
    let made = 0;
    const lazy = new Lazy(() => Promise.resolve(++made));
    expect(lazy.ifMade).to.equal(undefined);
    expect(await Promise.all([lazy.get(), lazy.get()])).to.eql([1, 1]);
    expect(await lazy.get()).to.equal(1);
    expect(await lazy.ifMade).to.equal(1);
  });

  it('is tried again when it could not be made', async () => {
    const outcomes = [() => Promise.reject(new Error('not now')), () => Promise.resolve('there')];
    const lazy = new Lazy(() => outcomes.shift()!());
    const [first, second] = await Promise.allSettled([lazy.get(), lazy.get()]);
    expect([first.status, second.status]).to.eql(['rejected', 'rejected']);
    expect(lazy.ifMade).to.equal(undefined);
    expect(await lazy.get()).to.equal('there');
  });
});
