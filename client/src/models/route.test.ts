import { expect } from 'chai';
import { parseRoute, routeTo, type Route } from './route.ts';

describe('the address of a screen', () => {
  const cases: readonly [string, Route][] = [
    ['', { at: 'home' }],
    ['#/', { at: 'home' }],
    ['#/login', { at: 'login' }],
    ['#/register', { at: 'register', token: undefined }],
    ['#/signup?token=a%2Bb', { at: 'register', token: 'a+b' }],
    ['#/signup', { at: 'register', token: undefined }],
    ['#/room/!r?via=a.org&via=b.org', { at: 'room', target: '!r', via: ['a.org', 'b.org'] }],
    ['#/room/#tea:b.org', { at: 'room', target: '#tea:b.org', via: [] }],
    ['#/room/', { at: 'home' }],
    ['#/room/%zz', { at: 'home' }],
    ['#/nowhere', { at: 'home' }],
  ];
  for (const [hash, route] of cases)
    it(`${hash || 'nothing'} leads to ${route.at}`, () => expect(parseRoute(hash)).to.deep.equal(route));

  it('survives the way out and back, whatever the id holds', () => {
    const target = '!a/b?c#d%25:é.org';
    expect(parseRoute(routeTo.room(target))).to.deep.equal({ at: 'room', target, via: [] });
  });
});
