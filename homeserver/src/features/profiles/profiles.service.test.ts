import { MatrixError } from '@holm/spec/errors';
import { ServerName, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { Background } from '../../platform/background.ts';
import { silentLog } from '../../platform/log.ts';
import type { Position } from '../../streams/stream.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { type MemberProfile, Profiles } from './index.ts';

const alice = UserId.parse('@alice:a.test');
const bob = UserId.parse('@bob:b.test');

const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('profiles on a database', () => {
  let database: TestDatabase;
  before(async () => (database = await createTestDatabase()));
  after(() => database[Symbol.asyncDispose]());
  afterEach(() => database.db.run({ text: 'DELETE FROM profiles', values: [] }));

  const build = () => {
    const clock = new ManualClock();
    const background = new Background(silentLog);
    const told: [UserId, MemberProfile][] = [];
    const asked: (string | undefined)[][] = [];
    const rooms = { fail: false };
    const profiles = new Profiles({
      db: database.db,
      clock,
      background,
      serverName: ServerName.parse('a.test'),
      news: { claim: async () => 1 as Position },
      users: { exists: async (userId) => userId === alice },
      remote: {
        async query(userId, field) {
          asked.push([userId, field]);
          return userId === bob ? { displayname: 'Bob', avatar_url: 'mxc://b.test/x' } : undefined;
        },
      },
      memberEvents: {
        async profileChanged(userId, profile) {
          if (rooms.fail) throw new Error('rooms are closed');
          told.push([userId, profile]);
        },
      },
    });
    return { clock, background, told, asked, rooms, profiles };
  };

  it('keep and give out fields, one or all', async () => {
    const { profiles } = build();
    expect(await profiles.get(alice)).to.eql({});
    await profiles.set(alice, 'displayname', 'Alice');
    await profiles.set(alice, 'org.example.mood', { is: 'fine\0' });
    expect(await profiles.get(alice)).to.eql({ displayname: 'Alice', 'org.example.mood': { is: 'fine\0' } });
    expect(await profiles.get(alice, 'displayname')).to.eql({ displayname: 'Alice' });
    expect(await profiles.memberProfile(alice)).to.eql({ displayname: 'Alice' });
    await profiles.remove(alice, 'displayname');
    await profiles.remove(alice, 'displayname');
    expect(await profiles.get(alice, 'displayname').catch(code)).to.equal('M_NOT_FOUND');
    expect(await profiles.get(alice, 'constructor').catch(code)).to.equal('M_NOT_FOUND');
  });

  it('of nobody are not found, and not asked of ourselves for others', async () => {
    const { profiles } = build();
    expect(await profiles.get(UserId.parse('@nobody:a.test')).catch(code)).to.equal('M_NOT_FOUND');
    expect(await profiles.localProfile(bob).catch(code)).to.equal('M_NOT_FOUND');
  });

  it('lose no change of two that are made at once', async () => {
    const { background, profiles } = build();
    await Promise.all([
      profiles.set(alice, 'displayname', 'Alice'),
      profiles.set(alice, 'avatar_url', 'mxc://a.test/a'),
      profiles.set(alice, 'm.tz', 'Europe/Paris'),
    ]);
    await background.idle();
    expect(await profiles.get(alice)).to.eql({
      displayname: 'Alice',
      avatar_url: 'mxc://a.test/a',
      'm.tz': 'Europe/Paris',
    });
  });

  it('of others come from their server, for a minute from memory', async () => {
    const { asked, clock, profiles } = build();
    expect(await profiles.get(bob, 'displayname')).to.eql({ displayname: 'Bob' });
    await profiles.get(bob, 'displayname');
    expect(asked).to.eql([[bob, 'displayname']]);
    clock.advance(60_000);
    await profiles.get(bob, 'displayname');
    expect(asked).to.have.length(2);
    expect(await profiles.get(UserId.parse('@x:b.test')).catch(code)).to.equal('M_NOT_FOUND');
  });

  it('tell rooms of name and picture only, and only of changes', async () => {
    const { background, profiles, told } = build();
    await profiles.set(alice, 'displayname', 'Alice');
    await background.idle();
    await profiles.set(alice, 'displayname', 'Alice');
    await profiles.set(alice, 'm.tz', 'Europe/Paris');
    await background.idle();
    expect(told).to.eql([[alice, { displayname: 'Alice' }]]);
  });

  it('are forgotten without a word to rooms', async () => {
    const { background, profiles, told } = build();
    await profiles.set(alice, 'displayname', 'Alice');
    await background.idle();
    await profiles.erase(alice);
    await background.idle();
    expect(await profiles.get(alice)).to.eql({});
    expect(told).to.have.length(1);
  });

  it('tell rooms later what could not be told at once, in another life of the server too', async () => {
    const first = build();
    first.rooms.fail = true;
    await first.profiles.set(alice, 'displayname', 'Alice');
    await first.background.idle();
    expect(first.told).to.eql([]);
    const second = build();
    await second.profiles.resume();
    await second.background.idle();
    expect(second.told).to.eql([[alice, { displayname: 'Alice' }]]);
    await second.profiles.resume();
    await second.background.idle();
    expect(second.told).to.have.length(1);
  });
});
