import { expect } from 'chai';
import { isExpired, maxLifetime, type RetentionRules } from './retention.ts';

describe('how long messages are kept', () => {
  const cases: readonly [string, Record<string, unknown> | undefined, RetentionRules, number | undefined][] = [
    ['for ever, where nobody says anything', undefined, {}, undefined],
    ['as the room says', { max_lifetime: 5 }, {}, 5],
    ['as the room says, be it nothing at all', { max_lifetime: 0 }, {}, 0],
    ['as the server says, where the room does not', undefined, { defaultMax: 7 }, 7],
    ['as the server says, where the room speaks nonsense', { max_lifetime: 'x' }, { defaultMax: 7 }, 7],
    ['as the server says, where the room says less than nothing', { max_lifetime: -1 }, { defaultMax: 7 }, 7],
    ['as the server says, where the room says a part', { max_lifetime: 1.5 }, { defaultMax: 7 }, 7],
    ['as the room says, in place of the server', { max_lifetime: 9 }, { defaultMax: 7 }, 9],
    ['at least as long as the room says', { max_lifetime: 3, min_lifetime: 5 }, {}, 5],
    ['for ever, where the room says only how long at least', { min_lifetime: 5 }, {}, undefined],
    ['longer than usual, where the room wants that', { min_lifetime: 9 }, { defaultMax: 7 }, 9],
    ['not shorter than the server allows', { max_lifetime: 3 }, { allowedMin: 4 }, 4],
    ['not longer than the server allows', { max_lifetime: 30 }, { allowedMax: 20 }, 20],
    ['not longer than the server allows, where the room says nothing', undefined, { allowedMax: 20 }, 20],
    ['not longer than the server allows, however long at least', { min_lifetime: 30 }, { allowedMax: 20 }, 20],
  ];
  for (const [name, content, rules, expected] of cases) {
    it(name, () => expect(maxLifetime(content as never, rules)).to.equal(expected));
  }

  it('and only messages expire', () => {
    expect(isExpired({ stateKey: undefined, sentAt: 9 }, 10)).to.equal(true);
    expect(isExpired({ stateKey: undefined, sentAt: 10 }, 10)).to.equal(false);
    expect(isExpired({ stateKey: '', sentAt: 9 }, 10)).to.equal(false);
    expect(isExpired({ stateKey: undefined, sentAt: 9 }, undefined)).to.equal(false);
  });
});
