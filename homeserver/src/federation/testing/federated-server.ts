import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { KeyId, type ServerName } from '@holm/spec/ids';
import { signingKeyFromSeed } from '../../core/crypto/keys.ts';
import type { Route } from '../../http/route.ts';
import { Background } from '../../platform/background.ts';
import { silentLog } from '../../platform/log.ts';
import { Metrics } from '../../platform/metrics.ts';
import type { Database } from '../../storage/database.ts';
import { createTestApp } from '../../testing/http.ts';
import type { ManualClock } from '../../testing/manual-clock.ts';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import { FederationClient } from '../client/client.ts';
import { Destinations } from '../client/destinations.ts';
import { Transport } from '../client/transport.ts';
import { Inbox } from '../inbox/inbox.ts';
import { inboxRoutes } from '../inbox/inbox.routes.ts';
import type { EduListener, PduReceiver } from '../inbox/received.ts';
import { KeyDirectory } from '../keyring/key-directory.ts';
import { KeyFetcher } from '../keyring/key-fetcher.ts';
import { Keyring } from '../keyring/keyring.ts';
import { keysRoutes } from '../keyring/keys.routes.ts';
import { Notary } from '../keyring/notary.ts';
import type { OldKey, OwnKeys } from '../keyring/own-keys.ts';
import { RequestVerifier } from '../keyring/request-verifier.ts';
import type { EduRecall } from '../outbox/recall.ts';
import { openOutbox } from '../outbox/outbox.ts';
import { OutgoingConnections } from '../resolver/outgoing-connections.ts';
import { Resolver } from '../resolver/resolver.ts';
import { type FederationSettings, serverFilter } from '../settings.ts';
import { testAuthority, testCertificate, testCertificateKey } from './tls.ts';

/** Where the servers of one test find each other: `host:port` by name. */
export type Network = Map<ServerName, string>;

export interface ServerOptions {
  readonly name: ServerName;
  readonly network: Network;
  readonly db: Database;
  readonly clock: ManualClock;
  readonly settings?: Partial<FederationSettings>;
  /** Different seeds are different keys, under different ids. */
  readonly keySeed?: number;
  readonly oldKeys?: readonly OldKey[];
  readonly routes?: readonly Route[];
  readonly receiver?: PduReceiver;
  readonly eduListeners?: readonly EduListener[];
  readonly pdusByNid?: (nids: readonly number[]) => Promise<ReadonlyMap<number, string>>;
  readonly positions?: { readonly settled: number };
  readonly recalls?: readonly EduRecall[];
  readonly mayConnectTo?: (address: string) => boolean;
}

export const testKey = (seed: number) =>
  signingKeyFromSeed(KeyId.parse(`ed25519:k${seed}`), new Uint8Array(32).fill(seed));

/** A whole federation transport: everything but rooms, over real HTTPS. */
export const startServer = async (options: ServerOptions) => {
  const { name, network, db, clock } = options;
  const settings: FederationSettings = {
    enabled: true, allow: [], deny: [], overrides: network, trustedCa: testAuthority, verifyCertificates: true,
    backOffCapMs: 60_000, requestTimeoutMs: 10_000, notaries: [],
    ...options.settings,
  }; // prettier-ignore
  const own: OwnKeys = { serverName: name, signing: [testKey(options.keySeed ?? 1)], old: options.oldKeys ?? [] };
  const log = silentLog;
  const base = { db, clock, log, settings, serverName: name, background: new Background(log), metrics: new Metrics() };
  // A server that starts again must not give out its old transaction ids.
  const entropy = seededEntropy(`${name} ${randomUUID()}`);
  const dns = {
    srv: () => Promise.resolve([]),
    addresses: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
  };

  const destinations = new Destinations({ ...base, entropy });
  await destinations.load();
  const wellKnown = { delegateOf: () => Promise.resolve(undefined) };
  const connections = new OutgoingConnections({ ...settings, dns, mayConnectTo: options.mayConnectTo ?? (() => true) });
  const resolver = new Resolver({ ...base, dns, wellKnown, entropy });
  const transport = new Transport({ resolver, connections, folder: tmpdir() });
  const client = new FederationClient({ ...base, signingKey: own.signing[0], transport, destinations });
  const directory = new KeyDirectory({ ...base, listeners: [], fetcher: new KeyFetcher({ ...base, client }) });
  const keyring = new Keyring({ ...base, own, directory });
  const verifier = new RequestVerifier({ ...base, keyring, destinations });
  const notary = new Notary({ own, directory, clock, isAllowed: serverFilter(settings) });
  const outbox = await openOutbox({
    ...base, client, destinations, entropy,
    pdusByNid: options.pdusByNid ?? (() => Promise.resolve(new Map())),
    catchUp: (_, { eventNid }) => Promise.resolve([eventNid]),
    positions: options.positions ?? { settled: 0 },
    recalls: options.recalls ?? [],
  }); // prettier-ignore
  const inbox = new Inbox({
    ...base,
    receiver: options.receiver ?? { receive: () => Promise.resolve(new Map()) },
    eduListeners: options.eduListeners ?? [],
  });

  const app = createTestApp([...keysRoutes(notary), ...inboxRoutes(inbox), ...(options.routes ?? [])], {
    authenticate: {
      user: () => Promise.reject(new Error('there are no users here')),
      server: (request) => verifier.verify(request),
    },
  });
  const server = createServer({ cert: testCertificate, key: testCertificateKey }, app.handler());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  network.set(name, `127.0.0.1:${port}`);

  return {
    name, port, own, client, transport, destinations, directory, keyring, verifier, notary, outbox, inbox,
    background: base.background,
    async [Symbol.asyncDispose]() {
      await outbox.stop(0);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await connections[Symbol.asyncDispose]();
      await base.background.idle();
    },
  }; // prettier-ignore
};

export type TestServer = Awaited<ReturnType<typeof startServer>>;
