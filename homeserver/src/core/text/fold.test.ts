import { expect } from 'chai';
import { fold, wordsOf } from './fold.ts';

describe('text that is searched', () => {
  const same: readonly (readonly [string, string])[] = [
    ['ÉCOLE', 'ecole'],
    ['Ａlice', 'alice'],
    ['e\u0301', 'é'],
    ['İzmir', 'izmir'],
    ['a\0b', 'ab'],
  ];
  for (const [one, other] of same) {
    it(`takes ${JSON.stringify(one)} for ${other}`, () => {
      expect(fold(one)).to.equal(fold(other));
    });
  }

  it('is divided at what is no letter and no digit', () => {
    expect(wordsOf('@Alice.smith-2:example.org (Zoë)')).to.eql(['alice', 'smith', '2', 'example', 'org', 'zoe']);
    expect(wordsOf(' !? ')).to.eql([]);
    expect(wordsOf('a A ä')).to.eql(['a']);
  });
});
