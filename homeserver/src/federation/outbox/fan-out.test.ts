import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { sql } from '../../storage/sql.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { startServer } from '../testing/federated-server.ts';

const MANY = Array.from({ length: 40 }, (_, n) => ServerName.parse(`s${n}.test`));

describe('an event for many servers', () => {
  it('is read once for all of them', async () => {
    await using database = await createTestDatabase();
    const read: number[] = [];
    const positions = { settled: 0 };
    await using sender = await startServer({
      name: ServerName.parse('a.test'),
      // Nobody is there, which they all find out by trying to send it.
      network: new Map(MANY.map((name) => [name, '127.0.0.1:1'])),
      db: database.db,
      clock: new ManualClock(),
      positions,
      pdusByNid: (nids) => {
        read.push(...nids);
        return Promise.resolve(new Map(nids.map((nid) => [nid, '{}'])));
      },
    });
    await database.db.run(
      sql`INSERT INTO outbox (position, event_nid, destinations) VALUES (1, 7, ${MANY.map(String)})`,
    );
    positions.settled = 1;
    sender.outbox.wake(MANY, 1);
    await sender.outbox.settled();
    expect(MANY.filter((name) => sender.destinations.failingSince(name) !== undefined)).to.have.length(MANY.length);
    expect(read).to.eql([7]);
  });
});
