import { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { sql } from '../../storage/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { startServer, type TestServer } from '../testing/federated-server.ts';

const [A, B, C] = ['a.test', 'b.test', 'c.test'].map((name) => ServerName.parse(name)) as [
  ServerName,
  ServerName,
  ServerName,
];
const DAY_MS = 86_400_000;

interface Row {
  readonly edu: string;
}

describe('messages that are kept until servers have them', () => {
  let database: TestDatabase;
  let clock: ManualClock;
  let network: Map<ServerName, string>;
  let sender: TestServer;

  beforeEach(async () => {
    database = await createTestDatabase();
    clock = new ManualClock();
    // Where nobody is.
    network = new Map([B, C].map((name) => [name, '127.0.0.1:1']));
    sender = await startServer({ name: A, network, clock, db: database.db });
  });
  afterEach(async () => {
    await sender[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const keep = (n: number, servers: readonly ServerName[], key?: string) =>
    database.db.transact((tx) => sender.outbox.keepEdu(tx, servers, { edu_type: 'x', content: { n } }, key));
  const kept = async (): Promise<unknown[]> => {
    await sender.outbox.settled();
    await sender.outbox.trim();
    const rows = await database.db.rows<Row>(sql`SELECT edu FROM outbox_messages ORDER BY position`);
    return rows.map(({ edu }) => (JSON.parse(edu) as { content: JsonObject }).content['n']);
  };

  it('come in their order, whoever else they go to', async () => {
    for (const [n, servers] of [[B], [B, C], [B], [C], [C, B]].entries()) await keep(n, servers);
    expect(await kept()).to.eql([0, 1, 2, 3, 4]);
    const seen: unknown[] = [];
    const receive = (_: ServerName, { n }: JsonObject) => Promise.resolve(void seen.push(n));
    await using elsewhere = await createTestDatabase();
    const eduListeners = [{ eduType: 'x', receive }];
    await using _receiver = await startServer({ name: B, network, clock, db: elsewhere.db, keySeed: 1, eduListeners });
    clock.advance(60_000);
    expect(await kept()).to.eql([1, 3, 4]);
    expect(seen).to.eql([0, 1, 2, 4]);
  });

  it('are kept for a month where a server is away, and as long as it is if they say how something is now', async () => {
    await keep(1, [B]);
    await keep(2, [B], 'how it is');
    await sender.outbox.settled();
    clock.advance(29 * DAY_MS);
    expect(await kept()).to.eql([1, 2]);
    clock.advance(2 * DAY_MS);
    expect(await kept()).to.eql([2]);
  });
});
