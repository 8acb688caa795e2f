import { MatrixError } from '@holm/spec/errors';
import type { ServerName, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { InvalidJsonError, parseJson } from '../../core/json/parse.ts';
import { type Fetch, FetchError, type FetchRequest } from '../../platform/fetch.ts';
import type { Log } from '../../platform/log.ts';
import { type Address, hashDetailsOf, type HashDetails, lookupKeyOf, mappedUser } from './address.ts';
import { type StoredInvite, storedInviteOf } from './stored-invite.ts';

/** A client's account at an identity server, lent to us for one invite. */
export interface IdentityAccess {
  readonly server: ServerName;
  readonly token: string;
}

interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly body?: JsonObject;
}

const MAX_BYTES = 64 * 1024;

/** Asks identity servers, which are whatever hosts clients and rooms name: by the operator's rules for such requests. */
export class IdentityServers {
  readonly #fetch: Fetch;
  readonly #log: Log;

  constructor(fetch: Fetch, log: Log) {
    this.#fetch = fetch;
    this.#log = log;
  }

  /** Whose address it is, if anybody's who let it be known. */
  async lookUp(access: IdentityAccess, address: Address): Promise<UserId | undefined> {
    const details = hashDetailsOf(await this.#ask(access, '/hash_details'));
    if (!details) throw senseless(access);
    try {
      return await this.#lookUpBy(access, address, details);
    } catch (error) {
      // The pepper changes now and then. Once is enough to see whether that was it.
      const pepper = error instanceof MatrixError ? error.extra['lookup_pepper'] : undefined;
      if (typeof pepper !== 'string') throw error;
      return this.#lookUpBy(access, address, { ...details, pepper });
    }
  }

  async #lookUpBy(access: IdentityAccess, address: Address, details: HashDetails): Promise<UserId | undefined> {
    const key = lookupKeyOf(address, details);
    const { algorithm, pepper } = details;
    return mappedUser(await this.#ask(access, '/lookup', { body: { algorithm, pepper, addresses: [key] } }), key);
  }

  /** Has the identity server keep an invite, and tell whoever has the address of it. */
  async storeInvite(access: IdentityAccess, invite: JsonObject): Promise<StoredInvite> {
    const stored = storedInviteOf(await this.#ask(access, '/store-invite', { body: invite }));
    if (!stored) throw senseless(access);
    return stored;
  }

  /** Whether a key has not been taken back. No answer is a no: the invite can be used when there is one. */
  async isValid(validityUrl: string, publicKey: string): Promise<boolean> {
    const url = URL.parse(validityUrl);
    if (!url) return false;
    url.searchParams.set('public_key', publicKey);
    try {
      const { status, body } = await this.#fetch(url.href, { maxBytes: MAX_BYTES });
      const answer = status === 200 ? parseJson(body.toString('utf8'), { strict: false }) : undefined;
      return isObject(answer) && answer['valid'] === true;
    } catch (err) {
      if (!(err instanceof FetchError) && !(err instanceof InvalidJsonError)) throw err;
      this.#log.info('the key of an invite could not be checked', { err });
      return false;
    }
  }

  async #ask(access: IdentityAccess, path: string, { body }: Asked = {}): Promise<Json> {
    const request: FetchRequest = {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${access.token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      maxBytes: MAX_BYTES,
    };
    const { status, text } = await this.#fetch(`https://${access.server}/_matrix/identity/v2${path}`, request).then(
      (response) => ({ status: response.status, text: response.body.toString('utf8') }),
      (cause: unknown) => {
        if (!(cause instanceof FetchError)) throw cause;
        this.#log.info('an identity server could not be asked', { idServer: access.server, err: cause });
        throw new MatrixError('M_UNKNOWN', `${access.server} could not be asked`, { status: 502, cause });
      },
    );
    const answer = jsonOf(text);
    if (status >= 200 && status < 300 && answer !== undefined) return answer;
    throw refusalOf(access, status, answer);
  }
}

const jsonOf = (text: string): Json | undefined => {
  try {
    return parseJson(text, { strict: false });
  } catch (error) {
    if (error instanceof InvalidJsonError) return undefined;
    throw error;
  }
};

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;

/** What the client did wrong there is for the client to hear, such as terms that have not been agreed to. */
const refusalOf = (access: IdentityAccess, status: number, answer: Json | undefined): MatrixError => {
  const { errcode, error, ...extra } = isObject(answer) ? answer : {};
  if (status < 400 || status >= 500 || typeof errcode !== 'string') return senseless(access);
  const message = `${access.server}: ${typeof error === 'string' ? error : 'no reason given'}`;
  // A 401 of ours would say that the session here is over.
  return MatrixError.relayed(errcode, message, { status: status === UNAUTHORIZED ? FORBIDDEN : status, extra });
};

const senseless = ({ server }: IdentityAccess): MatrixError =>
  new MatrixError('M_UNKNOWN', `${server} made no sense`, { status: 502 });
