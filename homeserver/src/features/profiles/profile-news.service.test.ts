import { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { Background } from '../../platform/background.ts';
import { IdleCaches } from '../../platform/idle-caches.ts';
import { silentLog } from '../../platform/log.ts';
import { Notifier } from '../../streams/notifier.ts';
import { SequencedStream } from '../../streams/sequenced-stream.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { ProfileNews } from './profile-news.service.ts';

const HALF_AN_HOUR = 31 * 60_000;
const [alice, bob, carol, dave, erin] = ['alice', 'bob', 'carol', 'dave', 'erin'].map((name) =>
  UserId.parse(`@${name}:a.test`),
) as [UserId, UserId, UserId, UserId, UserId];

describe('news of profiles', () => {
  let database: TestDatabase;
  let stream: SequencedStream;
  let clock: ManualClock;
  let news: ProfileNews;
  let rung: UserId[];
  let asked: UserId[];
  const background = new Background(silentLog);
  /** Carol is elsewhere, and of Dave nothing is in memory. */
  const rooms = new Map([alice, bob, carol, dave, erin].map((user) => [user, new Set([user === carol ? 2 : 1])]));

  before(async () => {
    database = await createTestDatabase();
    stream = await SequencedStream.open(database.db, 'profiles', 'profile_positions');
  });
  after(() => database[Symbol.asyncDispose]());
  beforeEach(() => {
    [rung, asked] = [[], []];
    clock = new ManualClock();
    const notifier = new Notifier();
    for (const user of rooms.keys()) notifier.listen(user, { ring: () => rung.push(user) });
    const joinedOf = (user: UserId) => ({ joined: rooms.get(user) ?? new Set<number>() });
    const roomsOf = async (user: UserId) => {
      asked.push(user);
      return joinedOf(user);
    };
    const glimpseOf = (user: UserId) => (user === dave ? undefined : joinedOf(user));
    const idle = new IdleCaches(clock);
    news = new ProfileNews({ db: database.db, background, idle, stream, notifier, roomsOf, glimpseOf });
  });

  const change = async (user: UserId): Promise<void> => {
    await database.db.transact((tx) => news.claim(tx, user));
    await background.idle();
  };
  const follow = async (user: UserId): Promise<void> => {
    await news.since(user, stream.settled, stream.settled);
  };

  it('wake those who follow and may share a room, and nobody else has their rooms looked up', async () => {
    for (const user of [alice, bob, carol, dave]) await follow(user);
    await change(alice);
    expect(rung).to.have.members([alice, bob, dave]);
    expect(asked).to.eql([alice]);
  });

  it('wake nobody who has gone', async () => {
    for (const user of [bob, carol]) await follow(user);
    clock.advance(HALF_AN_HOUR);
    await follow(carol);
    await change(erin);
    expect(rung).to.eql([]);
  });

  it('are looked for without a look at the rooms of all who have changed something', async () => {
    const after = stream.settled;
    for (const user of [erin, dave]) await change(user);
    asked = [];
    for (const reader of [bob, carol]) await news.since(reader, after, stream.settled);
    expect(new Set(asked)).to.eql(new Set([bob, carol]));
  });
});
