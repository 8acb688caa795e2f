import { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { sql } from '../../storage/sql.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { startServer } from '../testing/federated-server.ts';
import { AT_ONCE } from './outbox.ts';

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

  it('goes to so many of them at a time, and to those that have taken something before whatever becomes of the others', async () => {
    await using database = await createTestDatabase();
    await using elsewhere = await createTestDatabase();
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const names = Array.from({ length: AT_ONCE + 50 }, (_, n) => ServerName.parse(`t${n}.test`));
    const asked: Socket[] = [];
    silent.on('connection', (socket) => void asked.push(socket.on('error', () => undefined)));
    const network = new Map(names.map((name) => [name, `127.0.0.1:${port}`]));
    const [name, clock] = [ServerName.parse('a.test'), new ManualClock()];
    await using sender = await startServer({ name, network, clock, db: database.db });
    const seen: unknown[] = [];
    const known = ServerName.parse('b.test');
    const receive = (_: ServerName, { n }: JsonObject) => Promise.resolve(void seen.push(n));
    const eduListeners = [{ eduType: 'x', receive }];
    await using _known = await startServer({ name: known, network, clock, db: elsewhere.db, keySeed: 1, eduListeners });
    sender.outbox.sendEdu([known], { edu_type: 'x', content: { n: 1 } });
    await sender.outbox.settled();
    sender.outbox.sendEdu(names, { edu_type: 'x', content: {} });
    while (asked.length < AT_ONCE) await once(silent, 'connection');
    await setTimeout(100);
    expect(asked).to.have.length(AT_ONCE);
    for (const socket of asked.slice(0, 10)) socket.destroy();
    while (asked.length < AT_ONCE + 10) await once(silent, 'connection');
    sender.outbox.sendEdu([known], { edu_type: 'x', content: { n: 2 } });
    while (seen.length < 2) await setTimeout(10);
    expect([seen, asked.length]).to.eql([[1, 2], AT_ONCE + 10]);
    silent.close();
    for (const socket of asked) socket.destroy();
  });
});
