import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import type { VerifyKey } from '../../core/crypto/keys.ts';
import { verifyText } from '../../core/crypto/signing.ts';
import { canonicalJson, NotCanonicalError } from '../../core/json/canonical.ts';
import { InvalidJsonError, parseJson } from '../../core/json/parse.ts';
import type { SignedRequest } from '../../http/authenticate.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Destinations } from '../client/destinations.ts';
import { parseXMatrix, requestText, type XMatrix } from '../client/x-matrix.ts';
import { type FederationSettings, serverFilter } from '../settings.ts';
import type { Keyring } from './keyring.ts';

export interface RequestVerifierDeps {
  readonly serverName: ServerName;
  readonly settings: Pick<FederationSettings, 'enabled' | 'allow' | 'deny'>;
  readonly keyring: Pick<Keyring, 'verifyKeysFor'>;
  readonly destinations: Pick<Destinations, 'heardFrom'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What of a request its signature covers. */
export type RequestParts = Pick<SignedRequest, 'method' | 'uri' | 'authorization' | 'bodyText'>;

/** Finds out which server a request comes from: https://spec.matrix.org/latest/server-server-api/#request-authentication */
export class RequestVerifier {
  readonly #deps: RequestVerifierDeps;
  readonly #isAllowed: (server: ServerName) => boolean;
  readonly #refused;

  constructor(deps: RequestVerifierDeps) {
    this.#deps = deps;
    this.#isAllowed = serverFilter(deps.settings);
    this.#refused = deps.metrics.counter(
      'holm_federation_refused_requests_total',
      'Requests of other servers not let in.',
      {
        why: ['malformed', 'wrong destination', 'wrong origin', 'forbidden', 'unknown key', 'wrong signature'],
      },
    );
  }

  async verify(request: RequestParts): Promise<ServerName> {
    const { serverName, keyring, clock, destinations } = this.#deps;
    const header = parseXMatrix(request.authorization ?? '');
    if (!header) return this.#refuse('malformed', 'no valid X-Matrix authorization');
    const { origin, destination, key: keyId } = header;
    if (destination !== undefined && destination !== serverName) {
      return this.#refuse('wrong destination', `this server is not ${destination}`, origin);
    }
    // We never ask ourselves, so this is somebody who has got hold of a request of ours, or of an old key.
    if (origin === serverName) return this.#refuse('wrong origin', 'this server does not ask itself', origin);
    if (!this.#isAllowed(origin)) {
      this.#refused.add(1, { why: 'forbidden' });
      throw new MatrixError('M_FORBIDDEN', 'this server does not talk to yours');
    }
    const keys = await keyring.verifyKeysFor(origin, [keyId], { for: 'request', now: clock.now() });
    const key = keys.get(keyId);
    if (!key)
      return this.#refuse('unknown key', `the key ${keyId} of ${origin} is not known or no longer valid`, origin);
    if (!isSigned(request, header, key)) return this.#refuse('wrong signature', 'the signature is wrong', origin);
    destinations.heardFrom(origin);
    return origin;
  }

  #refuse(
    why: 'malformed' | 'wrong destination' | 'wrong origin' | 'unknown key' | 'wrong signature',
    message: string,
    origin?: ServerName,
  ): never {
    this.#refused.add(1, { why });
    this.#deps.log.info('request of another server refused', { why, origin });
    throw new MatrixError('M_UNAUTHORIZED', message);
  }
}

/**
 * Whether the signature covers the request. Most servers send bodies in their canonical form, so the text is tried as it
 * came; only then is it put into that form.
 */
const isSigned = (
  { method, uri, bodyText }: RequestParts,
  { origin, destination, signature }: XMatrix,
  key: VerifyKey,
): boolean => {
  const covers = (content: string | undefined) =>
    verifyText(requestText({ method, uri, origin, destination, content }), signature, key);
  if (bodyText === '') return covers(undefined);
  if (covers(bodyText)) return true;
  const canonical = canonicalForm(bodyText);
  return canonical !== undefined && canonical !== bodyText && covers(canonical);
};

const canonicalForm = (text: string): string | undefined => {
  try {
    return canonicalJson(parseJson(text, { strict: false }), 'lenient');
  } catch (error) {
    if (error instanceof InvalidJsonError || error instanceof NotCanonicalError) return undefined;
    throw error;
  }
};
