import type { ServerName } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { bulkPerspectivesKeyQuery, getServerKey } from '@holm/spec/server-server/keys';
import type { VerifyKey } from '../../core/crypto/keys.ts';
import { signaturesBy } from '../../core/crypto/signing.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { FederationClient } from '../client/client.ts';
import { FederationError } from '../client/federation-error.ts';
import type { FederationSettings } from '../settings.ts';
import { isSignedWith, type KeyAnswer, readServerKeys } from './server-keys.ts';

export interface KeyFetcherDeps {
  readonly client: Pick<FederationClient, 'call'>;
  readonly settings: Pick<FederationSettings, 'notaries'>;
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_ANSWER_BYTES = 256 * 1024;
const DIRECT_TIMEOUT_MS = 15_000;

/** Asks servers for their keys, and notaries for those of servers that do not answer. */
export class KeyFetcher {
  readonly #deps: KeyFetcherDeps;

  constructor(deps: KeyFetcherDeps) {
    this.#deps = deps;
  }

  async direct(server: ServerName): Promise<KeyAnswer | undefined> {
    const { client, clock } = this.#deps;
    const raw = await this.#tolerate(server, () =>
      client.call(server, getServerKey, {
        maxBytes: MAX_ANSWER_BYTES,
        timeoutMs: DIRECT_TIMEOUT_MS,
        // It has just spoken to us, or an event waits for it; the keyring limits how often it is asked.
        ignoreBackOff: true,
        unrecorded: true,
      }),
    );
    const answer = raw && readServerKeys(raw, server, clock.now());
    if (raw && !answer) this.#deps.log.warn('server published keys that it did not sign', { server });
    return answer;
  }

  /** Asks the notaries in turn. `keysOf` gives the notary's own keys, which its answer must be signed with. */
  async fromNotaries(
    server: ServerName,
    keysOf: (notary: ServerName, keyIds: readonly string[]) => Promise<ReadonlyMap<string, VerifyKey>>,
  ): Promise<KeyAnswer | undefined> {
    for (const notary of this.#deps.settings.notaries) {
      if (notary === server) continue;
      for (const raw of await this.#ask(notary, server)) {
        const answer = readServerKeys(raw, server, this.#deps.clock.now());
        const signedWith = await keysOf(notary, Object.keys(signaturesBy(raw['signatures'], notary)));
        const vouched = [...signedWith.values()].some((key) => isSignedWith(raw, notary, key));
        if (answer && vouched) return answer;
      }
    }
    return undefined;
  }

  async #ask(notary: ServerName, server: ServerName): Promise<JsonObject[]> {
    const { client } = this.#deps;
    const raw = await this.#tolerate(notary, () =>
      client.call(notary, bulkPerspectivesKeyQuery, {
        body: { server_keys: { [server]: {} } }, // no key ids: all of them
        maxBytes: MAX_ANSWER_BYTES,
      }),
    );
    return (raw?.server_keys ?? []).filter(isObject);
  }

  /** A server that does not answer is the ordinary case here, not an error. */
  async #tolerate<T>(server: ServerName, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (err) {
      if (!(err instanceof FederationError)) throw err;
      this.#deps.log.info('keys cannot be fetched', { server, failure: err.failure, status: err.status });
      return undefined;
    }
  }
}
