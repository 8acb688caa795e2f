import { MatrixError } from '@holm/spec/errors';
import { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { Filters } from './index.ts';

const alice = UserId.parse('@alice:a.test');
const bob = UserId.parse('@bob:a.test');
const room = RoomId.parse('!room:a.test');
const code = (error: unknown): unknown => (error instanceof MatrixError ? error.errcode : error);

describe('filters on a database', () => {
  let database: TestDatabase;
  let filters: Filters;
  before(async () => {
    database = await createTestDatabase();
    filters = new Filters(database.db);
  });
  after(() => database[Symbol.asyncDispose]());

  const wish = { room: { timeline: { limit: 3 }, not_rooms: [room] }, 'org.example.own': 'x\0y' };

  it('come back as they were stored, key order included', async () => {
    const id = await filters.define(alice, wish);
    expect(JSON.stringify(await filters.get(alice, id))).to.equal(JSON.stringify(wish));
    expect(id).to.match(/^[^{]/);
  });

  it('of one content have one id, also when defined at once', async () => {
    const ids = await Promise.all(
      [wish, { ...wish }, structuredClone(wish)].map((same) => filters.define(alice, same)),
    );
    expect(new Set(ids).size).to.equal(1);
    const fresh = await Promise.all([1, 2, 3].map(() => filters.define(alice, { room: { include_leave: true } })));
    expect(new Set(fresh).size).to.equal(1);
    expect(fresh[0]).to.not.equal(ids[0]);
  });

  it('of somebody else, and those that never were, are not found', async () => {
    const id = await filters.define(alice, wish);
    for (const [user, unknown] of [
      [bob, id],
      [alice, '999999'],
      [alice, 'abc'],
      [alice, '1e3'],
      [alice, '-1'],
      [alice, '9'.repeat(40)],
    ] as const) {
      expect(await filters.get(user, unknown).catch(code), unknown).to.equal('M_NOT_FOUND');
    }
  });

  it('are understood by id, written out, or left out', async () => {
    const id = await filters.define(alice, wish);
    for (const filter of [id, JSON.stringify(wish)]) {
      const compiled = await filters.resolve(alice, filter);
      expect(compiled.room.timeline.limit({ fallback: 10, maximum: 100 })).to.equal(3);
      expect(compiled.room.room(room)).to.equal(false);
    }
    expect((await filters.resolve(alice, undefined)).room.room(room)).to.equal(true);
    expect(await Promise.resolve(filters.resolve(bob, id)).catch(code)).to.equal('M_NOT_FOUND');
    expect(await Promise.resolve(filters.resolve(bob, '{"room":7}')).catch(code)).to.equal('M_BAD_JSON');
  });
});
