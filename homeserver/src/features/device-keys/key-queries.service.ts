import { MatrixError } from '@holm/spec/errors';
import { type ServerName, serverOf, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import type { Background } from '../../platform/background.ts';
import type { Database } from '../../storage/database.ts';
import type { KnownList, RemoteLists } from '../device-lists/index.ts';
import { deviceKeysStore as store } from './device-keys.store.ts';
import type { Published, PublishedKeys } from './published-keys.service.ts';
import type { RemoteKeys, RemoteKeyServers } from './remote-keys.service.ts';
import { publicKeyOf, type Signature, withSignatures } from './signed-keys.ts';

export interface KeyQueriesDeps {
  readonly db: Database;
  readonly background: Background;
  readonly serverName: ServerName;
  readonly published: PublishedKeys;
  readonly lists: Pick<RemoteLists, 'known' | 'want'>;
  readonly servers: Pick<RemoteKeyServers, 'query'>;
}

type ByUser = Record<string, Json>;

export interface KeysAnswer {
  readonly device_keys: ByUser;
  readonly master_keys: ByUser;
  readonly self_signing_keys: ByUser;
}

export interface ClientKeysAnswer extends KeysAnswer {
  readonly failures: ByUser;
  readonly user_signing_keys: ByUser;
}

/** Ids by user; null is as good as none. */
type Devices = Readonly<Record<string, readonly string[] | null>>;
type Wanted = ReadonlyMap<UserId, readonly string[]>;

const NOTHING: Published = { devices: new Map(), identity: new Map() };

/** Answers who has which devices, with which keys. */
export class KeyQueries {
  readonly #deps: KeyQueriesDeps;

  constructor(deps: KeyQueriesDeps) {
    this.#deps = deps;
  }

  /** For a client of ours. `byUser` has device ids, or none for all of them. */
  async query(
    reader: UserId,
    byUser: Readonly<Record<string, readonly string[]>>,
    timeoutMs?: number,
  ): Promise<ClientKeysAnswer> {
    const { serverName, servers, lists } = this.#deps;
    const wanted = readWanted(byUser);
    const here = [...wanted.keys()].filter((user) => serverOf(user) === serverName);
    const elsewhere = [...wanted.keys()].filter((user) => serverOf(user) !== serverName);
    const known = await lists.known(elsewhere);
    const missing = elsewhere.filter((user) => !known.has(user));
    const asked = await servers.query(new Map(missing.map((user) => [user, wanted.get(user) ?? []])), timeoutMs);
    this.#keepFromNowOn(missing);
    const published = await this.#deps.published.of(here, reader);
    const remote = [...asked.answers, ...[...known.values()].map(fromList)];
    const signatures = await this.#signaturesOf(reader, remote);
    const answer = {
      ...answerOf(here, published, { wanted, names: 'with names' }),
      user_signing_keys: ownKey(reader, published),
    };
    for (const keys of remote) addRemote(answer, keys, { wanted, signatures });
    return { ...answer, failures: asked.failures };
  }

  /** For another server, of users of ours. */
  async serve(byUser: Devices): Promise<KeysAnswer> {
    const { serverName, published } = this.#deps;
    const wanted = readWanted(byUser);
    const here = [...wanted.keys()].filter((user) => serverOf(user) === serverName);
    return answerOf(here, await published.of(here), { wanted, names: 'without names' });
  }

  /** The master key of somebody, wherever they are; nothing if there is none, or their server does not say. */
  async masterKey(reader: UserId, user: UserId): Promise<JsonObject | undefined> {
    const { master_keys: keys } = await this.query(reader, { [user]: [] });
    return keys[user] as JsonObject | undefined;
  }

  #keepFromNowOn(users: readonly UserId[]): void {
    if (users.length > 0) this.#deps.background.run('keep device lists', () => this.#deps.lists.want(users));
  }

  /** What the reader signed of others' keys: their servers do not know it. */
  async #signaturesOf(reader: UserId, remote: readonly RemoteKeys[]): Promise<ReadonlyMap<string, Signature[]>> {
    if (remote.length === 0) return new Map();
    const users = remote.map(({ userId }) => userId);
    const own = await store.signatures(this.#deps.db, users, reader);
    return Map.groupBy(own, ({ userId, keyName }) => `${userId} ${keyName}`);
  }
}

const readWanted = (byUser: Devices): Wanted => {
  const wanted = new Map<UserId, readonly string[]>();
  for (const [user, devices] of Object.entries(byUser)) {
    if (!UserId.is(user)) throw new MatrixError('M_INVALID_PARAM', 'keys are asked for by user id');
    wanted.set(user, devices ?? []);
  }
  return wanted;
};

const isWanted = (wanted: Wanted, user: UserId, device: string): boolean => {
  const devices = wanted.get(user) ?? [];
  return devices.length === 0 || devices.includes(device);
};

/** Who has no device is in the answer, too, with none: of whom it hears nothing, a client asks again and again. */
const answerOf = (
  users: readonly UserId[],
  published: ReadonlyMap<UserId, Published>,
  { wanted, names }: { wanted: Wanted; names: 'with names' | 'without names' },
): KeysAnswer => {
  const answer: KeysAnswer = { device_keys: {}, master_keys: {}, self_signing_keys: {} };
  for (const user of users) {
    const { devices, identity } = published.get(user) ?? NOTHING;
    const shown = [...devices].filter(([device]) => isWanted(wanted, user, device));
    answer.device_keys[user] = Object.fromEntries(
      shown.map(([device, { keys, displayName }]) => [
        device,
        {
          ...keys,
          unsigned: names === 'with names' && displayName !== null ? { device_display_name: displayName } : {},
        },
      ]),
    );
    const [master, selfSigning] = [identity.get('master'), identity.get('self_signing')];
    if (master) answer.master_keys[user] = master;
    if (selfSigning) answer.self_signing_keys[user] = selfSigning;
  }
  return answer;
};

const ownKey = (reader: UserId, published: ReadonlyMap<UserId, Published>): ByUser => {
  const key = published.get(reader)?.identity.get('user_signing');
  return key ? { [reader]: key } : {};
};

const fromList = ({ userId, devices, master, selfSigning }: KnownList): RemoteKeys => ({
  userId,
  devices: new Map(
    devices.map(({ deviceId, json, displayName }) => [
      deviceId,
      {
        ...(JSON.parse(json) as JsonObject),
        unsigned: displayName === null ? {} : { device_display_name: displayName },
      },
    ]),
  ),
  master: master === null ? undefined : (JSON.parse(master) as JsonObject),
  selfSigning: selfSigning === null ? undefined : (JSON.parse(selfSigning) as JsonObject),
});

const addRemote = (
  answer: KeysAnswer,
  { userId, devices, master, selfSigning }: RemoteKeys,
  { wanted, signatures }: { wanted: Wanted; signatures: ReadonlyMap<string, Signature[]> },
): void => {
  const shown = [...devices].filter(([device]) => isWanted(wanted, userId, device));
  answer.device_keys[userId] = Object.fromEntries(shown);
  if (master) {
    answer.master_keys[userId] = withSignatures(master, signatures.get(`${userId} ${publicKeyOf(master)}`) ?? []);
  }
  if (selfSigning) answer.self_signing_keys[userId] = selfSigning;
};
