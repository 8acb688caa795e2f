import { MatrixError } from '@holm/spec/errors';
import { RoomId, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Database, ReadTx, Tx } from '../../storage/database.ts';
import { type Backup, keyBackupStore as store, type Selection } from './key-backup.store.ts';
import type { BackedUpKey } from './key-texts.ts';

export interface BackupInfo {
  readonly algorithm: string;
  readonly auth_data: JsonObject;
  readonly count: number;
  readonly etag: string;
  readonly version: string;
}

export interface Updated {
  readonly count: number;
  readonly etag: string;
}

const MAX_DATA_BYTES = 65_536;
const MAX_NAME = 255;

/** Backups of keys, which only their owners can read: https://spec.matrix.org/latest/client-server-api/#server-side-key-backups */
export class KeyBackups {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Begins a new backup, which keys are written to from now on. Resolves to its version. */
  async create(user: UserId, algorithm: string, authData: JsonObject): Promise<string> {
    const version = await this.#db.transact((tx) => store.add(tx, user, { algorithm, authData: textOf(authData) }));
    return String(version);
  }

  /** The current backup, or any other; M_NOT_FOUND where there is none. */
  info(user: UserId, version?: string): Promise<BackupInfo> {
    return this.#db.read(async (tx) => {
      const backup = version === undefined ? await store.current(tx, user) : await find(tx, user, version);
      if (!backup) throw notFound('there is no backup');
      return {
        algorithm: backup.algorithm,
        auth_data: JSON.parse(backup.authData) as JsonObject,
        count: await store.count(tx, user, backup.version),
        etag: String(backup.etag),
        version: String(backup.version),
      };
    });
  }

  /** Only what describes the key can be changed. M_INVALID_PARAM for another algorithm. */
  async update(user: UserId, version: string, { algorithm, authData }: { algorithm: string; authData: JsonObject }) {
    await this.#db.transact(async (tx) => {
      const backup = await find(tx, user, version);
      if (backup.algorithm !== algorithm) throw new MatrixError('M_INVALID_PARAM', 'the algorithm cannot be changed');
      await store.setAuthData(tx, user, backup.version, textOf(authData));
    });
  }

  /** Deletes a backup with all its keys. One that has been deleted before is gone already. */
  async remove(user: UserId, version: string): Promise<void> {
    await this.#db.transact(async (tx) => {
      const number = numberOf(version);
      const backup = number === undefined ? undefined : await store.find(tx, user, number);
      if (!backup) throw notFound('there is no such backup');
      if (backup.deleted) return;
      await store.lock(tx, user, backup.version);
      await store.remove(tx, user, backup.version);
    });
  }

  /** Removes everything, with the account. */
  async forget(user: UserId): Promise<void> {
    await store.removeAll(this.#db, user);
  }

  /** Adds keys to the current backup. M_WRONG_ROOM_KEYS_VERSION for another one, M_NOT_FOUND where there is none. */
  async put(user: UserId, version: string, keys: readonly BackedUpKey[]): Promise<Updated> {
    for (const key of keys) assertKey(key);
    return this.#db.transact(async (tx) => {
      const current = await store.current(tx, user);
      if (!current) throw notFound('there is no backup');
      if (String(current.version) !== version) {
        throw new MatrixError('M_WRONG_ROOM_KEYS_VERSION', 'this is not the current backup', {
          extra: { current_version: String(current.version) },
        });
      }
      return change(tx, user, current.version, () => store.put(tx, user, current.version, keys));
    });
  }

  /** M_NOT_FOUND without such a backup. */
  async keys(user: UserId, version: string, selection: Selection = {}): Promise<BackedUpKey[]> {
    const backup = await find(this.#db, user, version);
    return store.keys(this.#db, user, backup.version, selection);
  }

  async removeKeys(user: UserId, version: string, selection: Selection = {}): Promise<Updated> {
    return this.#db.transact(async (tx) => {
      const backup = await find(tx, user, version);
      return change(tx, user, backup.version, () => store.removeKeys(tx, user, backup.version, selection));
    });
  }
}

/** Whoever compares tags learns that something has changed, and only then. */
const change = async (tx: Tx, user: UserId, version: number, work: () => Promise<number>): Promise<Updated> => {
  await store.lock(tx, user, version);
  if ((await work()) > 0) await store.touch(tx, user, version);
  const backup = await store.find(tx, user, version);
  if (!backup || backup.deleted) throw notFound('the backup has been deleted');
  return { count: await store.count(tx, user, version), etag: String(backup.etag) };
};

const find = async (tx: ReadTx, user: UserId, version: string): Promise<Backup> => {
  const number = numberOf(version);
  const backup = number === undefined ? undefined : await store.find(tx, user, number);
  if (!backup || backup.deleted) throw notFound('there is no such backup');
  return backup;
};

const numberOf = (version: string): number | undefined =>
  /^[1-9]\d{0,14}$/.test(version) ? Number(version) : undefined;

const notFound = (message: string) => new MatrixError('M_NOT_FOUND', message);

const textOf = (data: JsonObject): string => {
  const text = JSON.stringify(data);
  if (text.length > MAX_DATA_BYTES) throw new MatrixError('M_TOO_LARGE', 'this is too much for a backup');
  return text;
};

const assertKey = ({ roomId, sessionId, sessionData }: BackedUpKey): void => {
  const isNamed = sessionId !== '' && sessionId.length <= MAX_NAME && !sessionId.includes('\0');
  if (!RoomId.is(roomId) || !isNamed) throw new MatrixError('M_INVALID_PARAM', 'keys are named by room and session');
  if (sessionData.length > MAX_DATA_BYTES) throw new MatrixError('M_TOO_LARGE', 'this key is too large');
};
