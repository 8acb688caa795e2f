import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { QueryRunner } from 'typeorm';
import { createTestRooms, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';
import { Relations1763690000007 } from './0007-relations.ts';

const alice = user('alice');

describe('the migration to relations', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  const rows = () => test.db.rows({ text: 'SELECT * FROM event_relations ORDER BY room_nid, child_nid', values: [] });
  const runner = () => ({ query: (text: string) => test.db.rows({ text, values: [] }) }) as unknown as QueryRunner;

  it('finds what is stored already, whatever it says', async () => {
    const roomId = await test.room(alice);
    let txn = 0;
    const send = (type: string, content: JsonObject) =>
      test.sending.message(deviceOf(alice), { roomId, type, content, txnId: `m${++txn}` });
    const root = await send('m.room.message', { body: 'root' });
    const relate = (more: JsonObject) => ({ 'm.relates_to': { event_id: root, ...more } });
    await send('m.reaction', relate({ rel_type: 'm.annotation', key: '👍' }));
    await send('m.room.message', { ...relate({ rel_type: 'm.thread', key: 'not kept' }), body: '"m.relates_to"' });
    for (const nonsense of [{}, { rel_type: 7 }, { rel_type: 'x', event_id: 7 }, { rel_type: 'x', event_id: 'no id' }])
      await send('m.room.message', relate(nonsense));
    for (const odd of ['text', null, ['list']]) await send('m.room.message', { 'm.relates_to': odd });
    await send('m.room.message', { ...relate({ rel_type: 'm.reference' }), zero: '\0' });
    const written = await rows();
    expect(written).to.have.length(3);
    const migration = new Relations1763690000007();
    await migration.down(runner());
    await migration.up(runner());
    const migrated = await rows();
    // PostgreSQL cannot look into the last one, and does not stop at it.
    expect(migrated).to.eql(written.slice(0, 2));
  });
});
