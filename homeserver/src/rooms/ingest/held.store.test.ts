import type { EventId, ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { sql } from '../../storage/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { heldStore as store } from './held.store.ts';

const LIMITS = { inRoom: 10, ofOrigin: 20, inAll: 30 };

describe('events that are held', () => {
  let fixture: TestDatabase;
  beforeEach(async () => {
    fixture = await createTestDatabase();
  });
  afterEach(() => fixture[Symbol.asyncDispose]());

  let count = 0;
  const hold = async (server: string, room: number, number: number): Promise<void> => {
    const where = { room, origin: server as ServerName, retryAt: 1 };
    for (let n = 0; n < number; n++) {
      const id = `$${String(count++).padStart(6, '0')}` as EventId;
      await store.put(fixture.db, where, { events: [{ id, waitsFor: [id], json: '{}' }], replaces: true });
      await store.trim(fixture.db, where, LIMITS);
    }
  };
  const held = async (): Promise<Record<string, number>> => {
    const rows = await fixture.db.rows<{ name: string; count: number }>(sql`
      SELECT origin || ' ' || room_nid AS name, count(*)::int AS count FROM held_events GROUP BY 1 ORDER BY 1`);
    return Object.fromEntries(rows.map(({ name, count: many }) => [name, many]));
  };
  const oldest = async (server: string) =>
    (await fixture.db.rows(sql`SELECT event_id FROM held_events WHERE origin = ${server} ORDER BY held_no LIMIT 1`))[0];

  it('are as many as a room has room for, and a flood pushes out itself', async () => {
    await hold('calm', 1, 3);
    const first = await oldest('calm');
    await hold('loud', 1, 50);
    expect(await held()).to.eql({ 'calm 1': 3, 'loud 1': 7 });
    await hold('calm', 1, 1);
    expect(await held()).to.eql({ 'calm 1': 4, 'loud 1': 6 });
    expect(await oldest('calm')).to.eql(first);
    await hold('third', 1, 5);
    expect(await held()).to.eql({ 'calm 1': 4, 'loud 1': 3, 'third 1': 3 });
  });

  it('are of one server as many as it may have in all rooms, the newest', async () => {
    await hold('loud', 1, 8);
    await hold('loud', 2, 8);
    await hold('loud', 3, 8);
    expect(await held()).to.eql({ 'loud 1': 4, 'loud 2': 8, 'loud 3': 8 });
  });

  it('are as many as there is room for in all', async () => {
    await hold('calm', 9, 4);
    for (const server of ['one', 'two']) for (let room = 1; room <= 3; room++) await hold(server, room, 10);
    const all = Object.values(await held());
    expect(all.reduce((sum, one) => sum + one, 0)).to.equal(30);
    expect((await held())['calm 9']).to.equal(4);
  });
});
