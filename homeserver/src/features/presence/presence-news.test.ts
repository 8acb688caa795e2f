import { ServerName, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { UnixMillis } from '../../platform/clock.ts';
import { Memberships } from '../../rooms/members/memberships.ts';
import type { Position } from '../../streams/stream.ts';
import { KnownStatuses } from './known-statuses.service.ts';
import { PresenceNews } from './presence-news.service.ts';
import type { Status } from './status.ts';

const at = (position: number) => position as Position;
const online: Status = { state: 'online', lastActiveAt: 1 as UnixMillis, isActive: true, message: undefined };
const people = Array.from({ length: 1_000 }, (_, i) => UserId.parse(`@p${i}:here.test`));

/** Everybody shares a room with the nine others of their ten. */
const aroundOf = (user: UserId): UserId[] => {
  const ten = Math.floor(people.indexOf(user) / 10) * 10;
  return people.slice(ten, ten + 10);
};

describe('news of presence', () => {
  let looks: number;
  let known: KnownStatuses;
  let news: PresenceNews;
  beforeEach(() => {
    looks = 0;
    known = new KnownStatuses(ServerName.parse('here.test'));
    const circles = {
      load: () => Promise.resolve(),
      share: (one: UserId, other: UserId) => (looks++, aroundOf(one).includes(other)),
      around: (user: UserId) => new Set(aroundOf(user)),
      reachOf: (user: UserId) => aroundOf(user).length,
      has: () => true,
      roomsOf: () => [],
      joinedWith: () => Promise.resolve([]),
    };
    const userRooms = { of: () => Promise.resolve(new Memberships([])) };
    const changedAmong = () => Promise.resolve([]);
    news = new PresenceNews({ circles, known, userRooms, changedAmong }, { presence: at(1), timeline: at(1) });
  });

  const put = (users: readonly UserId[], position: number) => {
    known.put(new Map(users.map((user) => [user, online])), { position: at(position), now: position as UnixMillis });
  };
  const heardBy = async (reader: number) => {
    const timeline = { after: at(2), upTo: at(2) };
    return [...(await news.of({ userId: people[reader]!, timeline }, { after: at(2), upTo: at(9) })).keys()];
  };

  it('does not make everybody look at everybody when all come at once', async () => {
    put([], 1);
    put(people, 5);
    expect(await heardBy(17)).to.have.members(people.slice(10, 20));
    expect(looks).to.equal(0);
  });

  it('looks at the few who changed, and tells of those around', async () => {
    put(people, 1);
    put([people[12]!, people[40]!], 5);
    expect(await heardBy(17)).to.eql([people[12]!]);
    expect(looks).to.equal(2);
  });
});
