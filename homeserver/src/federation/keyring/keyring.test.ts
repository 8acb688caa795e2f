import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { EventId, KeyId, RoomId, ServerName, serverOf, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { bulkPerspectivesKeyQuery, perspectivesKeyQuery } from '@holm/spec/server-server/keys';
import { type SigningKey, verifyKeyOf } from '../../core/crypto/keys.ts';
import { signJson, verifySignature } from '../../core/crypto/signing.ts';
import { buildEvent } from '../../core/events/build.ts';
import type { Event } from '../../core/events/event.ts';
import { roomVersion } from '../../core/rooms/room-version.ts';
import type { UnixMillis } from '../../platform/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import {
  type Network,
  type ServerOptions,
  startServer,
  testKey,
  type TestServer,
} from '../testing/federated-server.ts';
import { loadSigningKeys, publishedKeys } from './own-keys.ts';

const A = ServerName.parse('a.test');
const B = ServerName.parse('b.test');
const C = ServerName.parse('c.test');
const DAY = 24 * 3_600_000;

let counter = 0;
const eventOf = (sender: string, key: SigningKey, { version = '12', sentAt = 0 } = {}): Event => {
  const server = serverOf(UserId.parse(sender));
  const rules = roomVersion(version)!;
  return buildEvent(
    {
      version: rules,
      roomId: RoomId.parse('!room:b.test'),
      ...(rules.eventIds === 'supplied' && { eventId: EventId.parse(`$${counter++}:${server}`) }),
      type: 'm.room.message',
      sender: UserId.parse(sender),
      content: { body: `number ${counter++}` },
      prevEvents: [],
      authEvents: [],
      depth: 1,
      sentAt,
    },
    { server, key },
  );
};

describe('the keyring', () => {
  let databases: TestDatabase[];
  let servers: TestServer[];
  let network: Network;
  let clock: ManualClock;

  before(async () => {
    databases = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()]);
  });
  after(() => Promise.all(databases.map((database) => database[Symbol.asyncDispose]())));
  beforeEach(() => {
    servers = [];
    network = new Map();
    clock = new ManualClock();
  });
  afterEach(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    for (const { db } of databases) {
      await db.run({ text: 'TRUNCATE outbox, destinations, server_keys, server_key_answers', values: [] });
    }
  });

  const start = async (name: ServerName, keySeed: number, more: Partial<ServerOptions> = {}) => {
    const { db } = databases[[A, B, C].indexOf(name)]!;
    const server = await startServer({ name, network, clock, db, keySeed, ...more });
    servers.push(server);
    return server;
  };
  const stop = async (server: TestServer) => {
    servers.splice(servers.indexOf(server), 1);
    await server[Symbol.asyncDispose]();
  };
  const allowed = async (server: TestServer, events: readonly Event[]) => {
    const verdicts = await server.keyring.verifyEvents(events);
    return events.map((event) => verdicts.get(event.eventId)?.allowed);
  };

  it('verifies events of other servers and of its own, few or many at a time', async () => {
    const a = await start(A, 1);
    await start(B, 2);
    const good = [eventOf('@x:b.test', testKey(2)), eventOf('@x:a.test', testKey(1))];
    const forged = eventOf('@x:b.test', testKey(3));
    expect(await allowed(a, good)).to.eql([true, true]);
    expect(await allowed(a, [forged])).to.eql([false]);
    const changed = { ...good[0]!, eventId: EventId.parse('$changed'), pdu: { ...good[0]!.pdu, depth: 9 } };
    const unsigned = { ...good[0]!, eventId: EventId.parse('$unsigned'), pdu: { ...good[0]!.pdu, signatures: {} } };
    const many = [...good, forged, changed, unsigned, eventOf('@y:b.test', testKey(2))];
    expect(await allowed(a, many)).to.eql([true, true, false, false, false, true]);
    expect(await allowed(a, [changed])).to.eql([false]);
  });

  it('says of whom it has no answer, and not of those who have another key', async () => {
    const a = await start(A, 1);
    const events = [testKey(2), testKey(2)].map((key) => eventOf('@x:b.test', key));
    const waiting = async () => [...(await a.keyring.verifyEvents(events)).values()].map(({ waitsFor }) => waitsFor);
    expect(await waiting()).to.eql([[B], [B]]);
    // It is left alone for a moment.
    const b = await start(B, 3);
    expect(await waiting()).to.eql([[B], [B]]);
    clock.advance(60_000);
    expect(await waiting()).to.eql([undefined, undefined]);
    expect(await allowed(a, events)).to.eql([false, false]);
    // It may have got that key since.
    clock.advance(5_000);
    expect(await waiting()).to.eql([[B], [B]]);
    await stop(b);
    const unsigned = { ...events[0]!, pdu: { ...events[0]!.pdu, signatures: {} } };
    expect((await a.keyring.verifyEvents([unsigned])).get(unsigned.eventId)).to.not.have.property('waitsFor');
  });

  it('asks a server once for many events, and remembers over a restart', async () => {
    const a = await start(A, 1);
    const b = await start(B, 2);
    let asked = 0;
    const own = b.notary.own.bind(b.notary);
    b.notary.own = () => {
      asked++;
      return own();
    };
    const events = Array.from({ length: 20 }, () => eventOf('@x:b.test', testKey(2)));
    expect(await allowed(a, events)).to.eql(Array(20).fill(true));
    await stop(b);
    await stop(a);
    expect(await allowed(await start(A, 1), events)).to.eql(Array(20).fill(true));
    expect(asked).to.equal(1);
  });

  it('asks once for all who need keys at the same time, whatever they need them for, also when there is no answer', async () => {
    const a = await start(A, 1);
    const asked: string[] = [];
    const send = a.transport.send.bind(a.transport);
    a.transport.send = (server, request) => {
      asked.push(`${server} ${request.uri}`);
      return send(server, request);
    };
    const event = eventOf('@x:b.test', testKey(2));
    const askers = () =>
      Promise.all([
        ...Array.from({ length: 50 }, () => allowed(a, [event])),
        ...Array.from({ length: 50 }, (_, n) =>
          a.keyring.verifyKeysFor(B, [n % 2 === 0 ? testKey(2).keyId : 'ed25519:no'], {
            for: 'request',
            now: clock.now(),
          }),
        ),
      ]);
    await askers();
    expect(asked).to.eql(['b.test /_matrix/key/v2/server']);
    await start(B, 2);
    clock.advance(2_000);
    const answers = await askers();
    expect(answers.slice(0, 50)).to.eql(Array(50).fill([true]));
    expect(asked).to.eql(Array(2).fill('b.test /_matrix/key/v2/server'));
  });

  it('takes from a notary what is of the server that it asked about, however much else it is told', async () => {
    const a = await start(A, 1, { settings: { notaries: [C] } });
    const c = await start(C, 3);
    const of = (serverName: ServerName, key: number) =>
      signJson(publishedKeys({ serverName, signing: [testKey(key)], old: [] }, clock.now()), C, testKey(3));
    const D = ServerName.parse('d.test');
    const lies: readonly JsonObject[] = [of(D, 4), of(A, 4), { server_name: B }, { ...of(D, 4), server_name: B }];
    let said: readonly JsonObject[] = lies;
    c.notary.answerFor = () => Promise.resolve(said[0]);
    const event = eventOf('@x:b.test', testKey(2));
    for (const lie of lies) {
      said = [lie];
      expect(await allowed(a, [event])).to.eql([false]);
      clock.advance(3_600_000);
    }
    expect(await allowed(a, [eventOf('@x:d.test', testKey(4))])).to.eql([false]);
    clock.advance(3_600_000);
    said = [of(B, 2)];
    expect(await allowed(a, [event])).to.eql([true]);
  });

  it('does not ask a server that failed over and over', async () => {
    const a = await start(A, 1);
    const event = eventOf('@x:b.test', testKey(2));
    expect(await allowed(a, [event])).to.eql([false]);
    await start(B, 2);
    expect(await allowed(a, [event])).to.eql([false]);
    clock.advance(2_000);
    expect(await allowed(a, [event])).to.eql([true]);
  });

  it('asks a server that speaks again within a minute, however long it was gone', async () => {
    const a = await start(A, 1);
    const event = eventOf('@x:b.test', testKey(2));
    for (let failures = 0; failures < 10; failures++) {
      await allowed(a, [event]);
      clock.advance(2_000 * 2 ** failures);
    }
    await allowed(a, [event]);
    await start(B, 2);
    const forRequest = async () =>
      (await a.keyring.verifyKeysFor(B, [testKey(2).keyId], { for: 'request', now: clock.now() })).size;
    clock.advance(59_999);
    expect([await forRequest(), await allowed(a, [event])]).to.eql([0, [false]]);
    clock.advance(1);
    expect(await allowed(a, [event])).to.eql([false]); // an event that came by others says nothing of it
    expect([await forRequest(), await allowed(a, [event])]).to.eql([1, [true]]);
  });

  const validity: readonly (readonly [string, string, number, boolean])[] = [
    ['the old key while it was in use', '12', -2 * DAY, true],
    ['the old key after it was retired', '12', -DAY + 1, false],
    ['the old key after it was retired, in versions that do not ask', '4', -DAY + 1, true],
    ['the old key in version 5', '5', -DAY + 1, false],
  ];
  for (const [title, version, offset, expected] of validity) {
    it(`${expected ? 'accepts' : 'refuses'} ${title}`, async () => {
      const a = await start(A, 1);
      const old = testKey(9);
      const expiredAt = (clock.now() - DAY) as UnixMillis;
      await start(B, 2, { oldKeys: [{ keyId: old.keyId, publicKey: old.publicKey, expiredAt }] });
      const event = eventOf('@x:b.test', old, { version, sentAt: clock.now() + offset });
      expect(await allowed(a, [event])).to.eql([expected]);
    });
  }

  it('does not believe a key further ahead than it may, and renews it in time', async () => {
    const a = await start(A, 1);
    const b = await start(B, 2);
    const soon = eventOf('@x:b.test', testKey(2), { sentAt: clock.now() + DAY / 2 });
    const late = eventOf('@x:b.test', testKey(2), { sentAt: clock.now() + 2 * DAY });
    expect(await allowed(a, [soon, late])).to.eql([true, false]);
    clock.advance(0.6 * DAY);
    // Past half its life the key is still good, and fetched again behind the scenes.
    expect(await allowed(a, [soon])).to.eql([true]);
    await a.background.idle();
    await stop(b);
    const later = eventOf('@x:b.test', testKey(2), { sentAt: clock.now() + 0.9 * DAY });
    expect(await allowed(a, [later])).to.eql([true]);
  });

  it('does not believe a notary that does not sign', async () => {
    const a = await start(A, 1, { settings: { notaries: [C] } });
    const c = await start(C, 3);
    const of = publishedKeys({ serverName: B, signing: [testKey(2)], old: [] }, clock.now());
    c.notary.answerFor = () => Promise.resolve(of);
    const event = eventOf('@x:b.test', testKey(2));
    expect(await allowed(a, [event])).to.eql([false]);
    c.notary.answerFor = () => Promise.resolve(signJson(of, C, testKey(4)));
    clock.advance(2_000);
    expect(await allowed(a, [event])).to.eql([false]);
    c.notary.answerFor = () => Promise.resolve(signJson(of, C, testKey(3)));
    clock.advance(4_000);
    expect(await allowed(a, [event])).to.eql([true]);
  });

  it('vouches for others as a notary, also when they are away, and is asked by those who trust it', async () => {
    const b = await start(B, 2);
    await start(C, 3);
    const a = await start(A, 1, { settings: { notaries: [C] } });
    const query = async (minimum?: number) => {
      const answer = await a.client.call(C, perspectivesKeyQuery, {
        params: { serverName: B },
        query: minimum === undefined ? {} : { minimum_valid_until_ts: minimum },
      });
      return (answer.server_keys ?? []) as JsonObject[];
    };
    const [first] = await query();
    expect(verifySignature(first!, B, verifyKeyOf(testKey(2)))).to.equal(true);
    expect(verifySignature(first!, C, verifyKeyOf(testKey(3)))).to.equal(true);

    // What is not new enough is fetched again; what cannot be fetched again is better than nothing.
    clock.advance(DAY / 2);
    const [same] = await query(clock.now());
    expect(same!['valid_until_ts']).to.equal(first!['valid_until_ts']);
    const [newer] = await query(clock.now() + 0.9 * DAY);
    expect(newer!['valid_until_ts']).to.equal(clock.now() + DAY);
    await stop(b);
    clock.advance(3 * DAY);
    const [stale] = await query();
    expect(stale!['valid_until_ts']).to.equal(newer!['valid_until_ts']);

    expect(await allowed(a, [eventOf('@x:b.test', testKey(2), { sentAt: clock.now() - 3 * DAY })])).to.eql([true]);

    const bulk = await a.client.call(C, bulkPerspectivesKeyQuery, {
      body: {
        server_keys: { [C]: {}, [B]: { 'ed25519:k2': { minimum_valid_until_ts: 1 } }, 'not a name': {}, 'd.test': {} },
      },
    });
    expect((bulk.server_keys as JsonObject[]).map((keys) => keys['server_name'])).to.have.members([B, C]);
  });
});

describe('the signing key file', () => {
  it('is made once, for its owner alone, and read again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keys-'));
    try {
      const path = join(folder, 'new', 'signing.key');
      const [made] = await loadSigningKeys(path, seededEntropy('keys'));
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      expect(KeyId.is(made.keyId)).to.equal(true);
      const [read] = await loadSigningKeys(path, seededEntropy('other'));
      expect([read.keyId, read.publicKey]).to.eql([made.keyId, made.publicKey]);
      await writeFile(path, `${await readFile(path, 'utf8')}ed25519 old YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1\n`);
      expect((await loadSigningKeys(path, seededEntropy('x'))).map(({ keyId }) => keyId)).to.eql([
        made.keyId,
        'ed25519:old',
      ]);
      await writeFile(path, '\n');
      const failure: unknown = await loadSigningKeys(path, seededEntropy('x')).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
