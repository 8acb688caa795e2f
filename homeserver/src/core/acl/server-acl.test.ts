import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { isServerAllowed, matchesGlob } from './server-acl.ts';

describe('isServerAllowed', () => {
  const cases: [title: string, acl: object | undefined, server: string, allowed: boolean][] = [
    ['no ACL admits everybody', undefined, 'evil.test', true],
    ['an empty ACL admits nobody', {}, 'a.test', false],
    ['allow *', { allow: ['*'] }, 'a.test', true],
    ['deny wins over allow', { allow: ['*'], deny: ['*.evil.test'] }, 'x.evil.test', false],
    ['a pattern that does not match', { allow: ['*'], deny: ['*.evil.test'] }, 'evil.test', true],
    ['case does not matter', { allow: ['*'], deny: ['EVIL.test'] }, 'evil.TEST', false],
    ['the port does not matter', { allow: ['*'], deny: ['evil.test'] }, 'evil.test:8448', false],
    ['IP literals by default', { allow: ['*'] }, '127.0.0.1:8448', true],
    ['IPv4 literals denied', { allow: ['*'], allow_ip_literals: false }, '127.0.0.1:8448', false],
    ['IPv6 literals denied', { allow: ['*'], allow_ip_literals: false }, '[::1]:8448', false],
    ['junk is ignored', { allow: ['*', 7], deny: 'a.test' }, 'a.test', true],
    ['? is one character', { allow: ['a?.test'] }, 'a1.test', true],
  ];
  for (const [title, acl, server, allowed] of cases) {
    it(title, () => expect(isServerAllowed(acl as never, ServerName.parse(server))).to.equal(allowed));
  }

  it('does not take exponential time', () => {
    expect(matchesGlob('*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(200))).to.equal(false);
  });
});
