import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import { type Mxc, parseMxc, printMxc } from '@holm/spec/media';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Database, Tx } from '../../storage/database.ts';
import {
  type HoldKind,
  type ListedMedia,
  mediaAdministrationStore as store,
  type Place,
  type Removed,
} from './administration.store.ts';
import type { Files } from './files.service.ts';
import { filesStore } from './files.store.ts';
import { charged } from './uploads.service.ts';
import { usageStore } from './usage.store.ts';

export interface MediaAdministrationDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly administrators: { isAdmin(user: UserId): Promise<boolean> };
  readonly upkeep: { purgeRemote(since: UnixMillis): Promise<number> };
}

const PAGE = 100;
const EVENTS_AT_ONCE = 5_000;
const REMOVED_AT_ONCE = 500;

/** What administrators see of files and do with them. */
export class MediaAdministration {
  readonly #deps: MediaAdministrationDeps;

  constructor(deps: MediaAdministrationDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN for who is no administrator of this server. */
  async assertAdmin(user: UserId): Promise<void> {
    if (await this.#deps.administrators.isAdmin(user)) return;
    throw new MatrixError('M_FORBIDDEN', 'this is for administrators of this server');
  }

  async ofUser(user: UserId, { from, limit = PAGE }: { from?: Place | undefined; limit?: number | undefined }) {
    const files = await store.ofUser(this.#deps.db, user, { from, limit });
    const usage = await usageStore.get(this.#deps.db, user);
    return { files, usage, next: files.length === limit ? files.at(-1) : undefined };
  }

  async details(mxc: Mxc): Promise<ListedMedia> {
    return (await store.get(this.#deps.db, mxc)) ?? notFound();
  }

  async remove(mxc: Mxc, by: UserId): Promise<void> {
    const { db, files, log } = this.#deps;
    const removed = await db.transact(async (tx) => this.#forget(tx, await store.remove(tx, mxc)));
    if (removed === 0) notFound();
    await files.collect();
    log.info('file removed', { mxc: printMxc(mxc), by });
  }

  async removeOfUser(user: UserId, before: number | undefined, by: UserId): Promise<number> {
    const { db, clock, files, log } = this.#deps;
    const page = { before: before ?? clock.now() + 1, limit: REMOVED_AT_ONCE };
    let total = 0;
    for (let removed = -1; removed !== 0; total += removed) {
      removed = await db.transact(async (tx) => this.#forget(tx, await store.removeOfUser(tx, user, page)));
    }
    await files.collect();
    log.info('files of a user removed', { user, by, total });
    return total;
  }

  async hold(mxc: Mxc, kind: HoldKind | null, by: UserId): Promise<ListedMedia> {
    const { db, clock, log } = this.#deps;
    const { hash } = await this.details(mxc);
    if (hash === null) notFound();
    else await db.transact((tx) => store.hold(tx, hash, { kind, by, now: clock.now() }));
    log.info('hold of a file changed', { mxc: printMxc(mxc), kind, by });
    return this.details(mxc);
  }

  async quarantineOfUser(user: UserId, by: UserId): Promise<number> {
    const { db, clock, log } = this.#deps;
    const count = await db.transact((tx) => store.quarantineOfUser(tx, user, { by, now: clock.now() }));
    log.info('files of a user in quarantine', { user, by, count });
    return count;
  }

  /** Files that are named in part of what was said in a room. */
  async inRoom(roomId: RoomId, from: number | undefined) {
    const { events, next } = await store.named(this.#deps.db, roomId, { from, limit: EVENTS_AT_ONCE });
    const uris = new Set(events.flatMap((json) => json.match(ADDRESS) ?? []));
    return { files: [...uris].flatMap((uri) => parseMxc(uri) ?? []), next };
  }

  async quarantineInRoom(roomId: RoomId, from: number | undefined, by: UserId) {
    const { db, clock, log } = this.#deps;
    const { files, next } = await this.inRoom(roomId, from);
    const count = await db.transact((tx) => store.quarantine(tx, files, { by, now: clock.now() }));
    log.info('files of a room in quarantine', { roomId, by, count });
    return { count, next };
  }

  async purgeRemote(unusedSince: number, by: UserId): Promise<number> {
    const count = await this.#deps.upkeep.purgeRemote(unusedSince as UnixMillis);
    await this.#deps.files.collect();
    this.#deps.log.info('files of other servers removed', { by, count });
    return count;
  }

  /** What is removed counts for its sender no more. */
  async #forget(tx: Tx, removed: readonly Removed[]): Promise<number> {
    const hashes = removed.flatMap(({ hash }) => hash ?? []);
    await filesStore.loosen(tx, hashes, this.#deps.clock.now());
    const charges = removed.filter(({ hash }) => hash !== null);
    for (const [uploader, files] of Map.groupBy(charges, ({ uploader: user }) => user)) {
      if (uploader === null) continue;
      const bytes = files.reduce((sum, { size }) => sum + charged(size), 0);
      await usageStore.subtract(tx, uploader, { bytes, files: files.length });
    }
    return removed.length;
  }
}

const ADDRESS = /mxc:\/\/[^"\\\s]+/g;

const notFound = (): never => {
  throw new MatrixError('M_NOT_FOUND', 'this server does not know that file');
};
