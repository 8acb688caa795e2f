import { expect } from 'chai';
import { membershipChange } from './membership-change.ts';

describe('what happened to a member', () => {
  const cases: readonly [string, object, object, boolean, string | undefined][] = [
    ['a first join', {}, { membership: 'join' }, true, 'joined'],
    ['an accepted invitation', { membership: 'invite' }, { membership: 'join' }, true, 'joined'],
    ['a new name', { membership: 'join', displayname: 'A' }, { membership: 'join', displayname: 'B' }, true, 'renamed'],
    ['a new picture', { membership: 'join' }, { membership: 'join', avatar_url: 'mxc://a/b' }, true, 'changed-avatar'],
    [
      'the same again',
      { membership: 'join', displayname: 'A' },
      { membership: 'join', displayname: 'A' },
      true,
      undefined,
    ],
    ['an invitation', {}, { membership: 'invite' }, false, 'invited'],
    ['a declined invitation', { membership: 'invite' }, { membership: 'leave' }, true, 'declined'],
    ['a withdrawn invitation', { membership: 'invite' }, { membership: 'leave' }, false, 'withdrew'],
    ['leaving', { membership: 'join' }, { membership: 'leave' }, true, 'left'],
    ['being removed', { membership: 'join' }, { membership: 'leave' }, false, 'kicked'],
    ['a ban', { membership: 'join' }, { membership: 'ban' }, false, 'banned'],
    ['the end of a ban', { membership: 'ban' }, { membership: 'leave' }, false, 'unbanned'],
    ['a knock', {}, { membership: 'knock' }, true, 'knocked'],
    ['nonsense', {}, { membership: 7 }, true, undefined],
  ];
  for (const [name, before, after, byThemselves, change] of cases)
    it(`${name}: ${change ?? 'nothing'}`, () =>
      expect(membershipChange(before as never, after as never, byThemselves)).to.equal(change));
});
