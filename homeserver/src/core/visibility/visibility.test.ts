import { ServerName, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { testRoom } from '../../testing/events.ts';
import type { HistoryVisibility } from '../events/content.ts';
import type { Membership } from '../events/membership.ts';
import { mayServerSee, mayUserSee } from './visibility.ts';

const alice = '@alice:a.test';
const bob = UserId.parse('@bob:b.test');
const b = ServerName.parse('b.test');
const room = testRoom('12');
const message = room.event({ type: 'm.room.message', sender: alice });

const VISIBILITIES: readonly HistoryVisibility[] = ['world_readable', 'shared', 'invited', 'joined'];
const MEMBERSHIPS: readonly (Membership | undefined)[] = ['join', 'invite', 'leave', 'knock', 'ban', undefined];

/** Who sees a message, by their membership when it was sent: those who never joined since, and those who did. */
const SEES: Readonly<
  Record<HistoryVisibility, { never: (Membership | undefined)[]; since: (Membership | undefined)[] }>
> = {
  world_readable: { never: [...MEMBERSHIPS], since: [...MEMBERSHIPS] },
  shared: { never: ['join'], since: [...MEMBERSHIPS] },
  invited: { never: ['join', 'invite'], since: ['join', 'invite'] },
  joined: { never: ['join'], since: ['join'] },
};

const user = (
  event: typeof message,
  historyVisibility: HistoryVisibility,
  membership?: Membership,
  joinedSince = false,
) => mayUserSee(event, { user: bob, historyVisibility, membership, joinedSince });

const server = (
  event: typeof message,
  historyVisibility: HistoryVisibility,
  memberships: Membership[] = [],
  joinedSince = false,
) => mayServerSee(event, { server: b, historyVisibility, memberships, joinedSince });

describe('history visibility', () => {
  for (const visibility of VISIBILITIES) {
    for (const membership of MEMBERSHIPS) {
      for (const joinedSince of [false, true]) {
        const expected = SEES[visibility][joinedSince ? 'since' : 'never'].includes(membership);
        const who = `${membership ?? 'no membership'}, ${joinedSince ? 'joined' : 'not joined'} since`;
        it(`${visibility}: ${expected ? 'shown to' : 'hidden from'} a user with ${who}`, () => {
          expect(user(message, visibility, membership, joinedSince)).to.equal(expected);
        });
        it(`${visibility}: ${expected ? 'given to' : 'kept from'} a server of one with ${who}`, () => {
          const all: Membership[] = membership === undefined ? [] : ['leave', membership];
          expect(server(message, visibility, all, joinedSince)).to.equal(expected);
        });
      }
    }
  }

  it('one user in the room is enough for a server', () => {
    expect(server(message, 'joined', ['ban', 'leave', 'join'])).to.equal(true);
    expect(server(message, 'joined', ['ban', 'leave', 'invite'])).to.equal(false);
  });

  describe('of a change of visibility', () => {
    const change = (to: unknown, stateKey = '') =>
      room.event({
        type: 'm.room.history_visibility',
        sender: alice,
        stateKey,
        content: { history_visibility: to as string },
      });

    it('shows it to whom it was visible before, or is after', () => {
      expect(user(change('joined'), 'world_readable')).to.equal(true);
      expect(user(change('world_readable'), 'joined')).to.equal(true);
      expect(user(change('joined'), 'invited', 'invite')).to.equal(true);
      expect(user(change('shared'), 'joined', undefined, true)).to.equal(true);
      expect(user(change('invited'), 'joined')).to.equal(false);
      expect(server(change('world_readable'), 'joined')).to.equal(true);
    });

    it('takes a value that nobody knows for shared', () => {
      expect(user(change('nonsense'), 'joined', undefined, true)).to.equal(true);
      expect(user(change(7), 'joined', undefined, false)).to.equal(false);
    });

    it('means only the event that rules the room', () => {
      expect(user(change('world_readable', 'other'), 'joined')).to.equal(false);
    });
  });

  describe('of one’s own membership', () => {
    const change = (membership: string, target: string = bob) =>
      room.event({ type: 'm.room.member', sender: target, stateKey: target, content: { membership } });

    it('shows it if one may see it before or after', () => {
      expect(user(change('join'), 'joined', 'invite')).to.equal(true);
      expect(user(change('leave'), 'joined', 'join')).to.equal(true);
      expect(user(change('invite'), 'invited')).to.equal(true);
      expect(user(change('invite'), 'joined')).to.equal(false);
      expect(user(change('leave'), 'joined', 'invite')).to.equal(false);
    });

    it('does not show that of others', () => {
      expect(user(change('join', '@carol:b.test'), 'joined', 'invite')).to.equal(false);
    });

    it('gives a server that of its own users only', () => {
      expect(server(change('join', '@carol:b.test'), 'joined')).to.equal(true);
      expect(server(change('join', '@carol:c.test'), 'joined')).to.equal(false);
    });
  });
});
