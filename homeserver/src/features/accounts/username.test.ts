import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { userIdFor, userIdMeantBy } from './username.ts';

const server = ServerName.parse('a.test');

describe('userIdFor', () => {
  const cases: [string, string | undefined][] = [
    ['alice', '@alice:a.test'],
    ['Alice', '@alice:a.test'],
    ['a.b_c=d-e/f+1', '@a.b_c=d-e/f+1:a.test'],
    ['', undefined],
    ['älice', undefined],
    ['a lice', undefined],
    ['a:b', undefined],
    ['@alice', undefined],
    ['a\0', undefined],
    ['x'.repeat(247), '@' + 'x'.repeat(247) + ':a.test'],
    ['x'.repeat(248), undefined],
  ];
  for (const [username, expected] of cases) {
    it(`${JSON.stringify(username.slice(0, 20))} -> ${expected?.slice(0, 20)}`, () => {
      expect(userIdFor(username, server)).to.equal(expected);
    });
  }
});

describe('userIdMeantBy', () => {
  const cases: [string, string | undefined][] = [
    ['alice', '@alice:a.test'],
    ['ALICE', '@alice:a.test'],
    ['@alice:a.test', '@alice:a.test'],
    ['@Alice:a.test', '@alice:a.test'],
    ['@alice:b.test', undefined],
    ['@alice', undefined],
    ['alice:a.test', undefined],
  ];
  for (const [written, expected] of cases) {
    it(`${written} -> ${expected}`, () => expect(userIdMeantBy(written, server)).to.equal(expected));
  }
});
