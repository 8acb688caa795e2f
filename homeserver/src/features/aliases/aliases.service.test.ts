import { MatrixError } from '@holm/spec/errors';
import { RoomAlias, RoomId, ServerName, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { Aliases } from './index.ts';

const [a, b, c] = ['a.test', 'b.test', 'c.test'].map(ServerName.parse) as [ServerName, ServerName, ServerName];
const [creator, chief, admin, member, stranger] = ['creator', 'chief', 'admin', 'member', 'stranger'].map((name) =>
  UserId.parse(`@${name}:a.test`),
) as [UserId, UserId, UserId, UserId, UserId];
const room = RoomId.parse('!room:a.test');
const outcome = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof MatrixError) return [error.status, error.errcode];
    throw error;
  }
};

describe('aliases on a database', () => {
  let database: TestDatabase;
  let aliases: Aliases;
  let count = 0;
  const withdrawn: unknown[] = [];

  before(async () => {
    database = await createTestDatabase();
    aliases = new Aliases({
      db: database.db,
      clock: new ManualClock(),
      serverName: a,
      remote: {
        query: async (alias) => (alias.startsWith('#known:') ? { roomId: room, servers: [c, c] } : undefined),
      },
      roomServers: { of: async () => [b, a] },
      rights: {
        isJoined: async (roomId, userId) => roomId === room && userId !== stranger && userId !== admin,
        maySee: async (_roomId, userId) => userId === member,
        maySetCanonicalAlias: async (_roomId, userId) => userId === chief,
      },
      administrators: { isAdmin: async (userId) => userId === admin },
      names: { withdrawn: async (...removed) => void withdrawn.push(removed) },
    });
  });
  after(() => database[Symbol.asyncDispose]());

  const create = async () => {
    const alias = RoomAlias.parse(`#room${++count}:a.test`);
    await aliases.create(creator, alias, room);
    return alias;
  };

  it('lead to a room and servers that are in it, ours first', async () => {
    const alias = await create();
    expect(await aliases.resolve(alias)).to.eql({ roomId: room, servers: [a, b] });
    expect(await aliases.isTaken(alias)).to.equal(true);
    expect(await outcome(aliases.resolve(RoomAlias.parse('#none:a.test')))).to.eql([404, 'M_NOT_FOUND']);
  });

  it('of other servers are asked for there, but not on behalf of others', async () => {
    const known = RoomAlias.parse('#known:b.test');
    expect(await aliases.resolve(known)).to.eql({ roomId: room, servers: [c, b] });
    expect(await outcome(aliases.resolve(RoomAlias.parse('#unknown:b.test')))).to.eql([404, 'M_NOT_FOUND']);
    expect(await outcome(aliases.resolveLocal(known))).to.eql([404, 'M_NOT_FOUND']);
  });

  it('are made by those in the room, here, and once', async () => {
    const alias = await create();
    const free = RoomAlias.parse('#free:a.test');
    expect(await outcome(aliases.create(creator, alias, room))).to.eql([409, 'M_UNKNOWN']);
    expect(await outcome(aliases.create(stranger, free, room))).to.eql([403, 'M_FORBIDDEN']);
    expect(await outcome(aliases.create(creator, RoomAlias.parse('#x:b.test'), room))).to.eql([400, 'M_INVALID_PARAM']);
    const race = [creator, member].map((user) => outcome(aliases.create(user, free, room)));
    expect(await Promise.all(race)).to.have.deep.members(['done', [409, 'M_UNKNOWN']]);
  });

  it('are removed by their maker, the powerful and administrators', async () => {
    for (const [user, expected] of [
      [creator, 'done'],
      [chief, 'done'],
      [admin, 'done'],
      [member, [403, 'M_FORBIDDEN']],
    ] as const) {
      const alias = await create();
      expect(await outcome(aliases.remove(user, alias)), user).to.eql(expected);
      expect(await aliases.isTaken(alias)).to.equal(expected !== 'done');
      expect(withdrawn.splice(0)).to.eql(expected === 'done' ? [[user, room, alias]] : []);
    }
    expect(await outcome(aliases.remove(admin, RoomAlias.parse('#none:a.test')))).to.eql([404, 'M_NOT_FOUND']);
  });

  it('are listed for those who see the room', async () => {
    const alias = await create();
    expect(await aliases.listedFor(member, room)).to.include(alias);
    expect(await aliases.listedFor(admin, room)).to.include(alias);
    expect(await outcome(aliases.listedFor(stranger, room))).to.eql([403, 'M_FORBIDDEN']);
  });
});
