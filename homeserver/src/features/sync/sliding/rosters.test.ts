import { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { IdleCaches } from '../../../platform/idle-caches.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { Member, RoomNid } from '../../../rooms/model.ts';
import { SyncFixture, userOf } from '../../../testing/sync.ts';
import { statementsOf } from '../../../testing/statements.ts';
import type { Card, RoomCards } from './room-cards.service.ts';
import type { Roster } from './roster.ts';
import { Rosters } from './rosters.service.ts';

const KEPT_BYTES = 100_000;
const alice = UserId.parse('@alice:a.test');

const cardOf = (nid: RoomNid) => [nid, { nid, roomId: `!${nid}:a.test`, bump: nid } as unknown as Card] as const;
const cards = { of: (nids: readonly RoomNid[]) => new Map(nids.map(cardOf)) } as unknown as RoomCards;
const nobody: ReadonlySet<UserId> = new Set();

describe('the rosters in memory', () => {
  let members: Map<UserId, Map<RoomNid, Member> & { version: number }>;
  let rosters: Rosters;

  beforeEach(() => {
    members = new Map();
    const engine = {
      userRooms: { atHand: (user: UserId) => members.get(user) },
      holds: { version: 1, isHidden: () => false },
      roomChanges: { mark: 1, sinceMark: () => [] },
    } as unknown as RoomEngine;
    const idle = new IdleCaches(new ManualClock());
    rosters = new Rosters({ engine, cards, unwelcomeInviters: () => nobody, idle, keptBytes: KEPT_BYTES });
  });

  const join = (user: UserId, rooms: number): void => {
    const all = members.get(user) ?? Object.assign(new Map<RoomNid, Member>(), { version: 0 });
    members.set(user, all);
    for (let nid = 1; nid <= rooms; nid++) all.set(nid, { roomNid: nid, membership: 'join', position: nid } as Member);
    all.version += 1;
  };
  const of = (user: UserId): Roster => rosters.of(user) as Roster;
  /** How many of twenty other people's, asked for one after the other, are still there. */
  const others = Array.from({ length: 20 }, (_, n) => UserId.parse(`@user${n}:a.test`));
  const evicted = (meanwhile: () => void): number => {
    others.forEach((user) => join(user, 1));
    const before = others.map(of);
    meanwhile();
    return others.toReversed().filter((user, i) => of(user) !== before.toReversed()[i]).length;
  };

  it('are kept while there is room for them', () => {
    join(alice, 1);
    expect(evicted(() => of(alice))).to.equal(0);
  });

  it('make room for one that has got more rooms', () => {
    join(alice, 1);
    const roster = of(alice);
    const gone = evicted(() => {
      join(alice, 300);
      expect(of(alice)).to.equal(roster);
    });
    expect(gone).to.be.greaterThan(0);
  });

  it('make room for one of which more lists are asked for', () => {
    join(alice, 150);
    const roster = of(alice);
    const before = roster.bytes;
    for (let n = 0; n < 16; n++) roster.view(`list ${n}`, [], () => () => true);
    expect(roster.bytes).to.be.greaterThan(before + 150 * 16 * 7);
    expect(evicted(() => of(alice))).to.be.greaterThan(0);
  });
});

it('rooms that somebody was put out of are looked up together', async () => {
  await using fixture = await SyncFixture.create();
  const [admin, bob] = [userOf('alice'), userOf('bob')];
  for (let i = 0; i < 20; i++) {
    const room = await fixture.room(admin);
    await fixture.member(room, bob, 'join');
    await fixture.member(room, bob, 'leave', admin);
  }
  await fixture.restart();
  const statements = await statementsOf(fixture.test.db, async () => {
    const roster = await new Rosters({
      engine: fixture.engine,
      cards,
      unwelcomeInviters: () => nobody,
      idle: fixture.test.idle,
    }).of(bob);
    expect([...roster.nids]).to.have.length(20);
  });
  expect(statements).to.have.length.within(1, 8);
});
