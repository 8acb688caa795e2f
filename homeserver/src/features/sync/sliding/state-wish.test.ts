import { expect } from 'chai';
import { type StatePattern, type StateWish, wantsAllMembers, wishesOf } from './state-wish.ts';

describe('the state that somebody asks for', () => {
  const wish = (include: StatePattern[], exclude: StatePattern[] = [], lazyMembers = false): StateWish => ({
    include,
    exclude,
    lazyMembers,
  });
  const member = { type: 'm.room.member' };
  const asked: readonly (readonly [what: string, StateWish, wantsAll: boolean])[] = [
    ['everything', wish([{}]), true],
    ['all members', wish([member]), true],
    ['everything, and members as they are needed', wish([{}], [], true), false],
    ['all members, and members as they are needed', wish([{}, member], [], true), true],
    ['everything but members', wish([{}], [member]), false],
    ['everything but one member', wish([{}], [{ ...member, stateKey: '@bob:a.test' }]), true],
    ['all members, and nothing', wish([member], [{}]), false],
    ['one member', wish([{ ...member, stateKey: '@bob:a.test' }]), false],
  ];
  for (const [what, one, wantsAll] of asked) {
    it(`${wantsAll ? 'has' : 'has not'} all members in it: ${what}`, () => {
      expect(wantsAllMembers(wishesOf(one))).to.equal(wantsAll);
    });
  }
});
