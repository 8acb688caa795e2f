import { DeviceId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { claimUserEncryptionKeys, queryUserEncryptionKeys } from '@holm/spec/server-server/user-keys';
import { assertCanonical } from '../../core/json/assert-canonical.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';

/** What other servers said, and which did not say anything. */
export interface Asked<T> {
  readonly answers: readonly T[];
  readonly failures: Readonly<Record<string, JsonObject>>;
}

export interface RemoteKeys {
  readonly userId: UserId;
  readonly devices: ReadonlyMap<DeviceId, JsonObject>;
  readonly master: JsonObject | undefined;
  readonly selfSigning: JsonObject | undefined;
}

const TIMEOUT_MS = { fallback: 10_000, most: 60_000 };
const AT_ONCE = 30;
const MAX_BYTES = 16 * 1024 * 1024;

/** Asks other servers for the keys of their users, side by side, each within a time. */
export class RemoteKeyServers {
  readonly #client: Pick<FederationClient, 'call'>;

  constructor(client: Pick<FederationClient, 'call'>) {
    this.#client = client;
  }

  async query(
    wanted: ReadonlyMap<UserId, readonly string[]>,
    timeoutMs: number | undefined,
  ): Promise<Asked<RemoteKeys>> {
    assertCanonical([...wanted.values()]);
    return await askAll(byServer(wanted), async (server, users) => {
      const answer = await this.#client.call(server, queryUserEncryptionKeys, {
        body: { device_keys: Object.fromEntries(users) as Record<string, string[]> },
        maxBytes: MAX_BYTES,
        timeoutMs: within(timeoutMs),
      });
      return users.map(([userId]) => keysIn(answer, userId));
    });
  }

  /** By user, device, then algorithm and id. */
  async claim(
    wanted: ReadonlyMap<UserId, Readonly<Record<string, string>>>,
    timeoutMs: number | undefined,
  ): Promise<Asked<readonly [UserId, JsonObject]>> {
    assertCanonical([...wanted.values()]);
    return await askAll(byServer(wanted), async (server, users) => {
      const { one_time_keys: keys = {} } = await this.#client.call(server, claimUserEncryptionKeys, {
        body: { one_time_keys: Object.fromEntries(users) },
        maxBytes: MAX_BYTES,
        timeoutMs: within(timeoutMs),
      });
      return users.flatMap(([userId]) => {
        const ofUser = keys[userId];
        return isObject(ofUser) ? [[userId, ofUser] as const] : [];
      });
    });
  }
}

const within = (timeoutMs: number = TIMEOUT_MS.fallback): number => Math.min(timeoutMs, TIMEOUT_MS.most);

const byServer = <V>(wanted: ReadonlyMap<UserId, V>): [ServerName, (readonly [UserId, V])[]][] => [
  ...Map.groupBy(wanted, ([userId]) => serverOf(userId)),
];

const askAll = async <V, T>(
  servers: [ServerName, V][],
  ask: (server: ServerName, wanted: V) => Promise<readonly T[]>,
): Promise<Asked<T>> => {
  const answers: T[] = [];
  const failures: Record<string, JsonObject> = {};
  const waiting = servers.values();
  const work = async () => {
    for (const [server, wanted] of waiting) {
      try {
        answers.push(...(await ask(server, wanted)));
      } catch (error) {
        if (!(error instanceof FederationError)) throw error;
        failures[server] = { status: error.status ?? 503, message: `this server was not reached: ${error.failure}` };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, servers.length) }, work));
  return { answers, failures };
};

/** What an answer says of one user. What is not theirs, or not formed as keys are, is left out. */
const keysIn = (answer: Readonly<Record<string, Json | undefined>>, userId: UserId): RemoteKeys => {
  const devices = inMap(answer['device_keys'], userId);
  return {
    userId,
    devices: new Map(
      Object.entries(isObject(devices) ? devices : {}).flatMap(([name, keys]) =>
        DeviceId.is(name) && isObject(keys) && keys['user_id'] === userId && keys['device_id'] === name
          ? [[name, keys] as const]
          : [],
      ),
    ),
    master: identityIn(answer['master_keys'], userId),
    selfSigning: identityIn(answer['self_signing_keys'], userId),
  };
};

const identityIn = (byUser: Json | undefined, userId: UserId): JsonObject | undefined => {
  const key = inMap(byUser, userId);
  return isObject(key) && key['user_id'] === userId ? key : undefined;
};

const inMap = (byUser: Json | undefined, userId: UserId): Json | undefined =>
  isObject(byUser) && Object.hasOwn(byUser, userId) ? byUser[userId] : undefined;
