import { expect } from 'chai';
import { ServerName } from '@holm/spec/ids';
import { serverFilter } from './settings.ts';

const a = ServerName.parse('a.example.org');

describe('who takes part in federation', () => {
  const cases: readonly (readonly [readonly string[], readonly string[], boolean])[] = [
    [[], [], true],
    [['a.example.org'], [], true],
    [['*.example.org'], [], true],
    [['*.EXAMPLE.org'], [], true],
    [['b.example.org'], [], false],
    [['a.example'], [], false],
    [['a?example.org'], [], false],
    [['aXexample.org'], [], false],
    [[], ['*.example.org'], false],
    [['*'], ['a.*'], false],
    [[], ['example.org'], true],
  ];
  for (const [allow, deny, expected] of cases) {
    it(`with [${allow.join()}] allowed and [${deny.join()}] denied`, () =>
      expect(serverFilter({ enabled: true, allow, deny })(a)).to.equal(expected));
  }

  it('is nobody when it is off', () =>
    expect(serverFilter({ enabled: false, allow: ['*'], deny: [] })(a)).to.equal(false));
});
