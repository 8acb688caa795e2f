import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeyId, ServerName } from '@holm/spec/ids';
import type { ServerConfig } from '../config/schema.ts';
import { FederationClient } from '../federation/client/client.ts';
import { Destinations } from '../federation/client/destinations.ts';
import { Transport } from '../federation/client/transport.ts';
import { KeyDirectory } from '../federation/keyring/key-directory.ts';
import { KeyFetcher } from '../federation/keyring/key-fetcher.ts';
import { Keyring } from '../federation/keyring/keyring.ts';
import { Notary } from '../federation/keyring/notary.ts';
import { loadSigningKeys, type OwnKeys } from '../federation/keyring/own-keys.ts';
import { retireKeys } from '../federation/keyring/rotation.ts';
import { RequestVerifier } from '../federation/keyring/request-verifier.ts';
import { OutgoingConnections } from '../federation/resolver/outgoing-connections.ts';
import { Resolver } from '../federation/resolver/resolver.ts';
import { WellKnown } from '../federation/resolver/well-known.ts';
import { wellKnownFetch } from '../federation/resolver/well-known-fetch.ts';
import { type FederationSettings, serverFilter } from '../federation/settings.ts';
import { ipRanges } from '../platform/address.ts';
import type { UnixMillis } from '../platform/clock.ts';
import { createFetch } from '../platform/fetch.ts';
import type { Base } from './base.ts';

/** How this server speaks with others, short of rooms. */
export const composeFederation = async (base: Base, stack: AsyncDisposableStack) => {
  const { config, clock, entropy, dns, serverName } = base;
  const log = base.log.with({ area: 'federation' });
  const settings = settingsOf(config);
  const own = await ownKeys(base);
  const { well_known: lookUp, federation: requests, identity, denied_ip_ranges: ranges } = config.outgoing;
  const denied = ipRanges(ranges);

  const fetch = stack.use(
    createFetch({
      denied: lookUp.allow_private_addresses ? undefined : denied,
      verifyCertificates: lookUp.verify_certificates,
      extraAuthorities: settings.trustedCa,
      timeoutMs: lookUp.timeout_ms,
      addresses: dns.addresses,
    }),
  );
  const identityFetch = stack.use(
    createFetch({
      denied: identity.allow_private_addresses ? undefined : denied,
      verifyCertificates: identity.verify_certificates,
      extraAuthorities: settings.trustedCa,
      timeoutMs: identity.timeout_ms,
    }),
  );
  const wellKnown = new WellKnown({ clock, log, fetch: wellKnownFetch(fetch) });
  const mayConnectTo = (address: string) => requests.allow_private_addresses || !denied.leadsTo(address);
  const connections = stack.use(new OutgoingConnections({ ...settings, dns, mayConnectTo }));
  const resolver = new Resolver({ settings, dns, wellKnown, clock, entropy, log });
  const destinations = new Destinations({ ...base, settings, log });
  await destinations.load();
  const client = new FederationClient({
    ...base,
    log,
    settings,
    signingKey: own.signing[0],
    transport: new Transport({ resolver, connections, folder: config.data_dir }),
    destinations,
  });
  const keyListeners: ((server: ServerName) => void)[] = [];
  const fetcher = new KeyFetcher({ client, settings, clock, log });
  const directory = new KeyDirectory({ ...base, fetcher, listeners: keyListeners });
  const keyring = new Keyring({ own, directory, clock });
  return {
    settings,
    own,
    identityFetch,
    signer: { server: serverName, key: own.signing[0] },
    destinations,
    client,
    keyring,
    keyListeners,
    requests: new RequestVerifier({ ...base, log, settings, keyring, destinations }),
    notary: new Notary({ own, directory, clock, isAllowed: serverFilter(settings) }),
  };
};

export type Federation = Awaited<ReturnType<typeof composeFederation>>;

const settingsOf = ({ federation, outgoing }: ServerConfig): FederationSettings => ({
  enabled: federation.enabled,
  allow: federation.allow,
  deny: federation.deny,
  overrides: new Map(Object.entries(federation.overrides).map(([name, target]) => [ServerName.parse(name), target])),
  trustedCa: federation.trusted_ca_file && readFileSync(federation.trusted_ca_file, 'utf8'),
  verifyCertificates: outgoing.federation.verify_certificates,
  backOffCapMs: federation.max_backoff_ms,
  requestTimeoutMs: outgoing.federation.timeout_ms,
  notaries: federation.trusted_key_servers.map((name) => ServerName.parse(name)),
});

/** Where the signing keys are. */
export const keyFileOf = (config: ServerConfig): string =>
  config.signing.key_file ?? join(config.data_dir, 'signing.key');

const ownKeys = async ({ config, clock, entropy, serverName }: Base): Promise<OwnKeys> => {
  const file = keyFileOf(config);
  const signing = await loadSigningKeys(file, entropy);
  const named = config.signing.old_keys.map(({ id, key, expired_ts: expiredAt }) => ({
    keyId: KeyId.parse(id),
    publicKey: key,
    expiredAt: expiredAt as UnixMillis,
  }));
  return { serverName, signing, old: [...(await retireKeys(file, signing, clock.now())), ...named] };
};
