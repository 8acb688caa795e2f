import { MatrixError } from '@holm/spec/errors';
import { DeviceId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import type { OneTimeKeys } from './one-time-keys.service.ts';
import type { Wanted } from './one-time-keys.store.ts';
import type { RemoteKeyServers } from './remote-keys.service.ts';

export interface KeyClaimsDeps {
  readonly serverName: ServerName;
  readonly oneTimeKeys: OneTimeKeys;
  readonly servers: Pick<RemoteKeyServers, 'claim'>;
}

type ByUser = Record<string, Json>;
type Request = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Keys that one request may ask for; no conversation begins with more devices at once. */
const MAX_CLAIMED = 10_000;

/** Gives one-time keys to those who begin a conversation. */
export class KeyClaims {
  readonly #deps: KeyClaimsDeps;

  constructor(deps: KeyClaimsDeps) {
    this.#deps = deps;
  }

  /** For a client of ours. The request has an algorithm for each device of each user. */
  async claim(byUser: Request, timeoutMs?: number): Promise<{ one_time_keys: ByUser; failures: ByUser }> {
    const users = readUsers(byUser);
    const elsewhere = new Map(users.filter(([user]) => !this.#isHere(user)));
    // Others first: a key of ours that is taken is gone, whatever becomes of the request.
    const { answers, failures } = await this.#deps.servers.claim(elsewhere, timeoutMs);
    const own = await this.#take(users.filter(([user]) => this.#isHere(user)));
    return { one_time_keys: { ...own, ...Object.fromEntries(answers) }, failures };
  }

  /** For another server, from users of ours. */
  async serve(byUser: Request): Promise<{ one_time_keys: ByUser }> {
    return { one_time_keys: await this.#take(readUsers(byUser).filter(([user]) => this.#isHere(user))) };
  }

  async #take(users: readonly (readonly [UserId, Readonly<Record<string, string>>])[]): Promise<ByUser> {
    const wanted = users.flatMap(([userId, byDevice]) =>
      Object.entries(byDevice).flatMap(([deviceId, algorithm]): Wanted[] =>
        DeviceId.is(deviceId) && !algorithm.includes('\0') ? [{ userId, deviceId, algorithm }] : [],
      ),
    );
    const keys = new Map<UserId, Record<string, Json>>();
    for (const { userId, deviceId, algorithm, keyId, json } of await this.#deps.oneTimeKeys.claim(wanted)) {
      const ofUser = keys.get(userId) ?? {};
      keys.set(userId, ofUser);
      ofUser[deviceId] = { [`${algorithm}:${keyId}`]: JSON.parse(json) as Json };
    }
    return Object.fromEntries(keys);
  }

  #isHere(user: UserId): boolean {
    return serverOf(user) === this.#deps.serverName;
  }
}

const readUsers = (byUser: Request): (readonly [UserId, Readonly<Record<string, string>>])[] => {
  const users = Object.entries(byUser).map(([user, devices]) => {
    if (!UserId.is(user)) throw new MatrixError('M_INVALID_PARAM', 'keys are claimed by user id');
    return [user, devices] as const;
  });
  const count = users.reduce((sum, [, devices]) => sum + Object.keys(devices).length, 0);
  if (count > MAX_CLAIMED) throw new MatrixError('M_INVALID_PARAM', 'at most 10000 keys at a time');
  return users;
};
