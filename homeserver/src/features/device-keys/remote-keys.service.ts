import { DeviceId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { claimUserEncryptionKeys, queryUserEncryptionKeys } from '@holm/spec/server-server/user-keys';
import { assertCanonical } from '../../core/json/assert-canonical.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';
import type { Clock } from '../../platform/clock.ts';

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
/** So many are asked at a time; whoever has not answered within a moment does not keep the next from being asked. */
const AT_ONCE = { asked: 30, unanswered: 300 };
const MOMENT_MS = 1_000;
const LATE: JsonObject = { status: 503, message: 'this server did not answer in time' };
const MAX_BYTES = 16 * 1024 * 1024;

export interface RemoteKeyServersDeps {
  readonly client: Pick<FederationClient, 'call'>;
  readonly clock: Clock;
}

/** Asks other servers for the keys of their users, side by side, all within a time. */
export class RemoteKeyServers {
  readonly #deps: RemoteKeyServersDeps;

  constructor(deps: RemoteKeyServersDeps) {
    this.#deps = deps;
  }

  async query(
    wanted: ReadonlyMap<UserId, readonly string[]>,
    timeoutMs: number | undefined,
  ): Promise<Asked<RemoteKeys>> {
    assertCanonical([...wanted.values()]);
    return await this.#askAll(byServer(wanted), within(timeoutMs), async (server, users, callMs) => {
      const answer = await this.#deps.client.call(server, queryUserEncryptionKeys, {
        body: { device_keys: Object.fromEntries(users) as Record<string, string[]> },
        maxBytes: MAX_BYTES,
        timeoutMs: callMs,
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
    return await this.#askAll(byServer(wanted), within(timeoutMs), async (server, users, callMs) => {
      const { one_time_keys: keys = {} } = await this.#deps.client.call(server, claimUserEncryptionKeys, {
        body: { one_time_keys: Object.fromEntries(users) },
        maxBytes: MAX_BYTES,
        timeoutMs: callMs,
      });
      return users.flatMap(([userId]) => {
        const ofUser = keys[userId];
        return isObject(ofUser) ? [[userId, ofUser] as const] : [];
      });
    });
  }

  /**
   * Who has not answered in time is among the failures. Its call goes on: that somebody here had no patience says nothing
   * about a server, and finding out where one is takes its own time.
   */
  async #askAll<V, T>(
    servers: readonly (readonly [ServerName, V])[],
    timeoutMs: number,
    ask: (server: ServerName, wanted: V, callMs: number) => Promise<readonly T[]>,
  ): Promise<Asked<T>> {
    const { clock } = this.#deps;
    const answers: T[] = [];
    const failures = new Map<ServerName, JsonObject>(servers.map(([server]) => [server, LATE]));
    const over = new AbortController();
    const callMs = Math.max(timeoutMs, TIMEOUT_MS.fallback);
    const calls: Promise<void>[] = [];
    let unanswered = 0;
    const askOne = async (server: ServerName, wanted: V): Promise<void> => {
      const answer = await ask(server, wanted, callMs).catch(failureOf);
      if (over.signal.aborted) return;
      if (answer instanceof FederationError) failures.set(server, toldOf(answer));
      else {
        answers.push(...answer);
        failures.delete(server);
      }
    };
    const waiting = servers.values();
    const work = async (): Promise<void> => {
      for (const [server, wanted] of waiting) {
        unanswered++;
        const call = askOne(server, wanted).finally(() => unanswered--);
        calls.push(call);
        const patienceMs = unanswered < AT_ONCE.unanswered ? MOMENT_MS : timeoutMs;
        await Promise.race([call, clock.sleep(patienceMs, over.signal)]);
        if (over.signal.aborted) return;
      }
    };
    try {
      const begun = Promise.all(Array.from({ length: Math.min(AT_ONCE.asked, servers.length) }, work));
      await Promise.race([begun.then(() => Promise.all(calls)), clock.sleep(timeoutMs, over.signal)]);
    } finally {
      over.abort();
    }
    return { answers, failures: Object.fromEntries(failures) };
  }
}

const within = (timeoutMs: number = TIMEOUT_MS.fallback): number => Math.min(timeoutMs, TIMEOUT_MS.most);

const byServer = <V>(wanted: ReadonlyMap<UserId, V>): [ServerName, (readonly [UserId, V])[]][] => [
  ...Map.groupBy(wanted, ([userId]) => serverOf(userId)),
];

const failureOf = (error: unknown): FederationError => {
  if (error instanceof FederationError) return error;
  throw error;
};

const toldOf = ({ status, failure }: FederationError): JsonObject => ({
  status: status ?? 503,
  message: `this server was not reached: ${failure}`,
});

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
