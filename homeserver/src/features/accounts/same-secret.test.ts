import { expect } from 'chai';
import { isSameSecret } from './same-secret.ts';

describe('isSameSecret', () => {
  const cases: [string, string, boolean][] = [
    ['word', 'word', true],
    ['word', 'Word', false],
    ['word', 'words', false],
    ['', '', true],
    ['wörd', 'wörd', true],
  ];
  for (const [a, b, same] of cases) {
    it(`${same ? 'takes' : 'does not take'} "${a}" for "${b}"`, () => expect(isSameSecret(a, b)).to.equal(same));
  }
});
