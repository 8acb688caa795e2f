import { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { readPerson, searchFor, wordsFor } from './known-person.ts';

const user = UserId.parse('@zoe.smith:b.test');
const read = (displayName?: string, avatarUrl?: string) => readPerson(user, { displayName, avatarUrl }, true);

describe('people in the directory', () => {
  it('are found by the words of their name and their id', () => {
    expect(wordsFor(read('Zoë the Great'))).to.eql(['zoe', 'the', 'great', 'smith', 'b', 'test']);
    expect(wordsFor(read('x'.repeat(9_000)))[0]).to.have.length(100);
    expect(wordsFor(read(Array.from({ length: 200 }, (_, count) => count).join(' ')))).to.have.length(64);
  });

  it('are kept without what cannot be kept', () => {
    expect(read('a\0b\ud800').displayName).to.equal('ab\ufffd');
    expect(read('\0').displayName).to.equal(undefined);
    expect(read('a', 'https://tracker').avatarUrl).to.equal(undefined);
    expect(read('a', 'mxc://b.test/a').avatarUrl).to.equal('mxc://b.test/a');
  });

  it('are looked for by letters and digits alone', () => {
    expect(searchFor(`@Zoë':* | x`)).to.eql({ exact: `'zoe' & 'x'`, prefix: `'zoe':* & 'x':*` });
    expect(searchFor(' :! ')).to.equal(undefined);
  });
});
