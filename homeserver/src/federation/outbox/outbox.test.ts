import { expect } from 'chai';
import { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { getServerKey } from '@holm/spec/server-server/keys';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { sql } from '../../storage/sql.ts';
import type { PduReceiver } from '../inbox/received.ts';
import { type Network, type ServerOptions, startServer, type TestServer } from '../testing/federated-server.ts';

const A = ServerName.parse('a.test');
const B = ServerName.parse('b.test');
const C = ServerName.parse('c.test');

const pduText = (nid: number): string => `{"depth":${nid},"room_id":"!room:a.test"}`;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Takes down what arrives, in transactions. */
const recorder = () => {
  const transactions: number[][] = [];
  let gate = Promise.resolve();
  let failures = 0;
  const receiver: PduReceiver = {
    async receive(_, __, pdus) {
      await gate;
      if (failures > 0) {
        failures--;
        throw new Error('expected: the receiver fails');
      }
      transactions.push(pdus.map(({ depth }) => depth as number));
      return new Map(pdus.map(({ depth }) => [`$${depth as number}`, depth === 13 ? { error: 'unlucky' } : {}]));
    },
  };
  return {
    receiver,
    transactions,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    fail: (times: number) => (failures = times),
  };
};

describe('the outbox', () => {
  let databases: TestDatabase[];
  let servers: TestServer[];
  let network: Network;
  let clock: ManualClock;
  let positions: { settled: number };

  before(async () => {
    databases = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()]);
  });
  after(() => Promise.all(databases.map((database) => database[Symbol.asyncDispose]())));
  beforeEach(() => {
    servers = [];
    network = new Map();
    clock = new ManualClock();
    positions = { settled: 0 };
  });
  afterEach(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    for (const { db } of databases) {
      await db.run({
        text: 'TRUNCATE outbox, outbox_losses, destinations, server_keys, server_key_answers',
        values: [],
      });
    }
  });

  const dbOf = (name: ServerName) => databases[[A, B, C].indexOf(name)]!.db;
  const start = async (name: ServerName, more: Partial<ServerOptions> = {}) => {
    const server = await startServer({ name, network, clock, db: dbOf(name), keySeed: name.charCodeAt(0), ...more });
    servers.push(server);
    return server;
  };
  const startSender = (more: Partial<ServerOptions> = {}) =>
    start(A, {
      positions,
      pdusByNid: (nids) => Promise.resolve(new Map(nids.map((nid) => [nid, pduText(nid)]))),
      ...more,
    });
  const stop = async (server: TestServer) => {
    servers.splice(servers.indexOf(server), 1);
    await server[Symbol.asyncDispose]();
  };

  /** What the room writer does in the statement that writes the event. */
  const write = (position: number, destinations: readonly ServerName[]) =>
    dbOf(A).run(sql`INSERT INTO outbox (position, event_nid, destinations)
                    VALUES (${position}, ${position}, ${[...destinations]})`);
  const post = async (sender: TestServer, position: number, destinations: readonly ServerName[]) => {
    await write(position, destinations);
    positions.settled = Math.max(positions.settled, position);
    sender.outbox.wake(destinations, position);
  };
  const rowsLeft = async () =>
    (await dbOf(A).rows<{ position: number }>(sql`SELECT position FROM outbox ORDER BY 1`)).map((row) => row.position);

  it('delivers in order, and the next transaction only after the last was accepted', async () => {
    const b = recorder();
    const a = await startSender();
    await start(B, { receiver: b.receiver });
    const release = b.hold();
    for (const position of range(1, 120)) await post(a, position, [B]);
    expect(b.transactions).to.eql([]);
    release();
    await a.outbox.settled();
    expect(b.transactions.flat()).to.eql(range(1, 120));
    expect(b.transactions[0]).to.eql([1]);
    expect(Math.max(...b.transactions.map(({ length }) => length))).to.equal(50);
  });

  it('keeps going when the other server refuses single events', async () => {
    const b = recorder();
    const a = await startSender();
    await start(B, { receiver: b.receiver });
    for (const position of range(12, 14)) await post(a, position, [B]);
    await a.outbox.settled();
    expect(b.transactions.flat()).to.eql([12, 13, 14]);
  });

  it('sends each server its own', async () => {
    const [b, c] = [recorder(), recorder()];
    const a = await startSender();
    await start(B, { receiver: b.receiver });
    await start(C, { receiver: c.receiver });
    await post(a, 1, [B]);
    await post(a, 2, [B, C]);
    await post(a, 3, [C]);
    await a.outbox.settled();
    expect([b.transactions.flat(), c.transactions.flat()]).to.eql([
      [1, 2],
      [2, 3],
    ]);
  });

  it('does not send past a position that is still being written', async () => {
    const b = recorder();
    const a = await startSender();
    await start(B, { receiver: b.receiver });
    await write(2, [B]);
    a.outbox.wake([B], 2); // 1 is in flight, so 2 is not settled
    await a.outbox.settled();
    expect(b.transactions).to.eql([]);
    await write(1, [B]);
    positions.settled = 2;
    a.outbox.wake([B], 1);
    await a.outbox.settled();
    expect(b.transactions.flat()).to.eql([1, 2]);

    await write(4, [B]);
    a.outbox.wake([B], 4); // 3 is in flight, and fails
    positions.settled = 4;
    a.outbox.wake([], 3);
    await a.outbox.settled();
    expect(b.transactions.flat()).to.eql([1, 2, 4]);

    await write(5, [B]);
    await write(7, [B]);
    positions.settled = 5; // 6 is in flight
    a.outbox.wake([B], 7);
    await a.outbox.settled();
    expect(b.transactions.flat()).to.eql([1, 2, 4, 5]);
    await write(6, [B]);
    positions.settled = 7;
    a.outbox.wake([B], 6);
    await a.outbox.settled();
    expect(b.transactions.flat()).to.eql([1, 2, 4, 5, 6, 7]);
  });

  it('waits for a server that is away without holding up others, and goes on where it was', async () => {
    const [b, c] = [recorder(), recorder()];
    const a = await startSender();
    await start(C, { receiver: c.receiver });
    network.set(B, '127.0.0.1:1');
    for (const position of range(1, 70)) await post(a, position, [B, C]);
    await a.outbox.settled();
    expect(c.transactions.flat()).to.eql(range(1, 70));
    await start(B, { receiver: b.receiver });
    await a.outbox.settled();
    expect(b.transactions).to.eql([]);
    clock.advance(60_000);
    await a.outbox.settled();
    expect(b.transactions.flat()).to.eql(range(1, 70));
  });

  it('tries again at once when a server that was away speaks', async () => {
    const b = recorder();
    const a = await startSender();
    network.set(B, '127.0.0.1:1');
    await post(a, 1, [B]);
    await a.outbox.settled();
    await start(B, { receiver: b.receiver });
    a.destinations.heardFrom(B);
    await a.outbox.settled();
    expect(b.transactions).to.eql([[1]]);
  });

  it('tries again at once when another request to that server succeeds', async () => {
    const b = recorder();
    const a = await startSender();
    network.set(B, '127.0.0.1:1');
    await post(a, 1, [B]);
    await a.outbox.settled();
    await start(B, { receiver: b.receiver });
    await a.client.call(B, getServerKey, { ignoreBackOff: true });
    await a.outbox.settled();
    expect(b.transactions).to.eql([[1]]);
  });

  it('repeats a transaction that was not acknowledged under the same id', async () => {
    const b = recorder();
    const ids: string[] = [];
    const a = await startSender();
    const server = await start(B, { receiver: b.receiver });
    const receive = server.inbox.receive.bind(server.inbox);
    server.inbox.receive = (origin, txnId, text) => {
      ids.push(txnId);
      return receive(origin, txnId, text);
    };
    b.fail(2);
    await post(a, 1, [B]);
    await a.outbox.settled();
    await post(a, 2, [B]);
    clock.advance(60_000);
    await a.outbox.settled();
    clock.advance(60_000);
    await a.outbox.settled();
    expect(b.transactions).to.eql([[1], [2]]);
    expect(ids.length).to.equal(4);
    expect(new Set(ids.slice(0, 3)).size).to.equal(1);
    expect(ids[3]).not.to.equal(ids[0]);
  });

  it('resumes after a restart, even for servers that it never reached', async () => {
    const [b, c] = [recorder(), recorder()];
    const a = await startSender();
    await start(B, { receiver: b.receiver });
    network.set(C, '127.0.0.1:1');
    await post(a, 1, [B, C]);
    await a.outbox.settled();
    await stop(a);
    await write(2, [B, C]); // committed, but the server died before it could wake anybody
    await start(C, { receiver: c.receiver });
    positions = { settled: 2 };
    const again = await startSender();
    await again.outbox.start();
    await again.outbox.settled();
    expect(b.transactions).to.eql([[1], [2]]);
    clock.advance(60_000);
    await again.outbox.settled();
    expect(c.transactions.flat()).to.eql([1, 2]);
  });

  it('removes what everybody has, and nothing else', async () => {
    const b = recorder();
    const a = await startSender({ settings: { deny: ['denied.test'] } });
    await start(B, { receiver: b.receiver });
    network.set(C, '127.0.0.1:1');
    await post(a, 1, [B]);
    await post(a, 2, [B, C]);
    await post(a, 3, [ServerName.parse('denied.test')]);
    await post(a, 4, [B]);
    await write(5, [ServerName.parse('never-tried.test')]);
    positions.settled = 5;
    await a.outbox.settled();
    await write(6, [B]); // not settled
    expect(await a.outbox.trim()).to.equal(3);
    expect(await rowsLeft()).to.eql([2, 5, 6]);
    await start(C);
    clock.advance(60_000);
    await a.outbox.settled();
    await a.outbox.trim();
    expect(await rowsLeft()).to.eql([5, 6]);
  });

  it('sends ephemeral messages, and does not keep them for a server that is away', async () => {
    const seen: JsonObject[] = [];
    const eduListeners = [
      {
        eduType: 'm.typing',
        receive: (_: ServerName, content: JsonObject) => Promise.resolve(void seen.push(content)),
      },
    ];
    const a = await startSender();
    const typing = (n: number) => ({ edu_type: 'm.typing', content: { n } });
    network.set(B, '127.0.0.1:1');
    a.outbox.sendEdu([B], typing(1));
    await a.outbox.settled();
    await start(B, { eduListeners });
    a.outbox.sendEdu([B], typing(2));
    await a.outbox.settled();
    clock.advance(60_000);
    await a.outbox.settled();
    for (const n of range(3, 5)) a.outbox.sendEdu([B, A], typing(n));
    await a.outbox.settled();
    expect(seen).to.eql([{ n: 3 }, { n: 4 }, { n: 5 }]);
  });

  it('drains what can be sent when it stops, and no longer than it may', async () => {
    const b = recorder();
    const a = await startSender();
    await start(B, { receiver: b.receiver });
    network.set(C, '127.0.0.1:1');
    await post(a, 1, [B, C]);
    await a.outbox.stop(5_000);
    expect(b.transactions).to.eql([[1]]);

    positions.settled = 2;
    const again = await startSender();
    await write(3, [B]);
    positions.settled = 3;
    const release = b.hold();
    again.outbox.wake([B], 3);
    const stopped = again.outbox.stop(5_000);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5_000);
    await stopped;
    release();
  });
});
