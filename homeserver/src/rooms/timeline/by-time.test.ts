import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { Events } from '../events.ts';
import { roomVersion } from '../../core/rooms/room-version.ts';
import { Room } from '../room.ts';
import type { Database } from '../../storage/database.ts';
import { type Sql, sql } from '../../storage/sql.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { EventsByTime } from './by-time.ts';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Actual Rows': number;
  readonly Plans?: readonly Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('finding an event by its time', () => {
  it('reads no more than a page, however many events say that they are of the same moment', async () => {
    await using fixture = await createTestDatabase();
    await fixture.db.run(sql`
      INSERT INTO events (event_nid, room_nid, event_id, ord, position, snapshot, depth, sent_at, json)
      SELECT n, 1 + n % 2, '$' || n, n, n, 0, n, CASE WHEN n % 100 = 0 THEN n ELSE 5000 END, '{}'
        FROM generate_series(1, 20000) n`);
    await fixture.db.run(sql`ANALYZE events`);
    const asked: Sql[] = [];
    const db = {
      rows: (statement: Sql) => {
        asked.push(statement);
        return Promise.resolve([]);
      },
    } as unknown as Database;
    const identity = { nid: 1, roomId: '!room:a.test' as RoomId, version: roomVersion('11')! };
    const room = new Room({ db, grew: () => undefined }, identity, undefined);
    const events = { fromRows: () => Promise.resolve([]) } as unknown as Events;
    for (const direction of ['back', 'forward'] as const) {
      await new EventsByTime(db, events).closest(room, { at: 5000, direction }, () => Promise.resolve([]));
    }
    expect(asked.length).to.equal(2);
    // As where the last page ended: in the middle of those that are all of one moment.
    const inTheMiddle = asked.map((one) => ({ ...one, values: [...one.values.slice(0, 2), 10_000, one.values[3]] }));
    for (const { text, values } of [...asked, ...inTheMiddle]) {
      const [row] = await fixture.db.rows<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>({
        text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
        values,
      });
      const nodes = nodesOf(row!['QUERY PLAN'][0]!.Plan);
      for (const node of nodes) {
        expect(node['Actual Rows']).to.be.at.most(100);
        expect(node['Rows Removed by Filter'] ?? 0).to.be.lessThan(100);
      }
    }
  });
});
