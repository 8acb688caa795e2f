import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Database, Tx } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import type { Notifier } from '../../streams/notifier.ts';
import { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position, Range, Stream } from '../../streams/stream.ts';
import { VersionedChanges } from '../../streams/versioned-changes.ts';
import type { AccountDataChanges, AccountDataEvent, AccountDataKey, Derive } from './account-data.ts';
import { accountDataStore as store, type Changed, type StoredAccountData } from './account-data.store.ts';

export interface AccountDataDeps {
  readonly db: Database;
  readonly stream: SequencedStream;
  readonly notifier: Notifier;
  /** Types that are there for everybody, whether or not anything is stored of them. */
  readonly derived: ReadonlyMap<string, Derive>;
}

/** What one account may keep, in characters. A first sync holds all of it. */
const MAX_SIZE = 16_000_000;

/** The stream of account data. What fails, and what is erased, leaves no row of its position. */
export const openAccountDataStream = (db: Database): Promise<SequencedStream> =>
  SequencedStream.open(db, 'account_data', 'account_data_positions');

/** What clients keep here for themselves, of rooms and of none. */
export class AccountData {
  readonly #deps: AccountDataDeps;
  readonly #changes: VersionedChanges<UserId>;
  /** Many come at the same time, and ask for the same of their accounts. */
  readonly #finds: Gather<AccountDataKey, JsonObject>;
  readonly #changed: Gather<Changed, readonly StoredAccountData[]>;

  constructor(deps: AccountDataDeps) {
    const { db } = deps;
    this.#deps = deps;
    this.#finds = new Gather((keys) => store.find(db, keys), 'round');
    this.#changed = new Gather((asked) => store.changed(db, asked), 'round');
    this.#changes = new VersionedChanges(deps.stream.settled);
  }

  get stream(): Stream {
    return this.#deps.stream;
  }

  /** Changes with every change of an account, for what is made of its data and kept. */
  versionOf(userId: UserId): number {
    return this.#changes.versionOf(userId);
  }

  /** Where an account changed last, or later. */
  changedAt(userId: UserId): Position {
    return this.#changes.lastOf(userId);
  }

  /** M_NOT_FOUND for what was never set. */
  async get(key: AccountDataKey): Promise<JsonObject> {
    const stored = await this.find(key);
    const derive = key.roomId === undefined ? this.#deps.derived.get(key.type) : undefined;
    const content = derive ? derive(key.userId, stored) : stored;
    if (!content) throw new MatrixError('M_NOT_FOUND', 'nothing is stored under this type');
    return content;
  }

  /** What is stored, if anything is. */
  async find(key: AccountDataKey): Promise<JsonObject | undefined> {
    return (await this.#finds.load([key])).get(key);
  }

  /** Of one type, by room. */
  ofRooms(userId: UserId, type: string): Promise<ReadonlyMap<RoomId, JsonObject>> {
    return store.ofRooms(this.#deps.db, userId, type);
  }

  async set(key: AccountDataKey, content: JsonObject): Promise<void> {
    await this.#deps.db.transact((tx) => this.#put(tx, key, content));
  }

  /** Changes what is stored, undefined when that is nothing, without losing what somebody else changes meanwhile. */
  async update(key: AccountDataKey, change: (stored: JsonObject | undefined) => JsonObject): Promise<void> {
    await this.#deps.db.transact(async (tx) => {
      await store.lock(tx, key);
      await this.#put(tx, key, change(await store.get(tx, key)));
    });
  }

  /** For accounts that are closed. */
  async erase(userId: UserId): Promise<void> {
    await this.#deps.db.transact((tx) => store.removeAll(tx, userId));
  }

  /** Answers from memory; wrong only in saying yes. */
  mayHaveChanged(userId: UserId, after: Position): boolean {
    return this.#changes.mayHaveChanged(userId, after);
  }

  /** The account data part of a sync. From the beginning of time it has what is there for everybody too. */
  async changes(userId: UserId, range: Range): Promise<AccountDataChanges> {
    const global = new Map<string, AccountDataEvent>();
    const rooms = new Map<RoomId, AccountDataEvent[]>();
    const asked = { userId, range };
    for (const { roomId, type, content } of (await this.#changed.load([asked])).get(asked) ?? []) {
      if (roomId === undefined) global.set(type, { type, content: this.#seen(userId, type, content) });
      else rooms.set(roomId, [...(rooms.get(roomId) ?? []), { type, content }]);
    }
    if (range.after === 0) {
      for (const [type, derive] of this.#deps.derived) {
        if (!global.has(type)) global.set(type, { type, content: derive(userId, undefined) });
      }
    }
    return { global: [...global.values()], rooms };
  }

  #seen(userId: UserId, type: string, content: JsonObject): JsonObject {
    return this.#deps.derived.get(type)?.(userId, content) ?? content;
  }

  async #put(tx: Tx, key: AccountDataKey, content: JsonObject): Promise<void> {
    const { notifier, stream } = this.#deps;
    if ((await store.sizeBeside(tx, key)) + JSON.stringify(content).length > MAX_SIZE) {
      throw new MatrixError('M_TOO_LARGE', `an account may keep ${MAX_SIZE} characters of account data`);
    }
    const position = await stream.claimNext(tx);
    tx.afterEnd(() => stream.release(position));
    tx.afterCommit(() => {
      this.#changes.note(key.userId, position);
      stream.whenSettled(position, () => notifier.wake([key.userId]));
    });
    await store.put(tx, key, content, position);
  }
}
