import { MatrixError } from '@holm/spec/errors';
import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Hold } from '../../rooms/upkeep/holds.ts';
import type { RoomJobs } from '../../rooms/upkeep/jobs.ts';
import type { Job, JobKind } from '../../rooms/upkeep/job.ts';
import type { Database } from '../../storage/database.ts';
import { type Counts, roomAdministrationStore as store, type RoomListing } from './room-administration.store.ts';

export interface RoomAdministrationDeps {
  readonly db: Database;
  readonly engine: Pick<RoomEngine, 'serverName' | 'holds' | 'rooms'>;
  readonly jobs: Pick<RoomJobs, 'add' | 'get' | 'list'>;
  readonly administrators: { isAdmin(user: UserId): Promise<boolean> };
}

export interface RoomSummary extends RoomListing, Counts {
  readonly name: string | undefined;
  readonly hold: Hold | undefined;
}

const PAGE = 100;
const JOBS_SHOWN = 20;
const NOBODY: Counts = { joined: 0, local: 0 };

/** What administrators see of rooms and do with them. */
export class RoomAdministration {
  readonly #deps: RoomAdministrationDeps;

  constructor(deps: RoomAdministrationDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN for who is no administrator of this server. */
  async assertAdmin(user: UserId): Promise<void> {
    if (await this.#deps.administrators.isAdmin(user)) return;
    throw new MatrixError('M_FORBIDDEN', 'this is for administrators of this server');
  }

  async list({ from = 0, limit = PAGE, search }: { from?: number; limit?: number; search?: string }) {
    const listings = await store.list(this.#deps.db, { from, limit, ...(search && { search }) });
    const last = listings.at(-1);
    return {
      rooms: await this.#summaries(listings),
      next: listings.length === limit ? last?.nid : undefined,
    };
  }

  async details(roomId: RoomId) {
    const { db, jobs } = this.#deps;
    const listing = await store.one(db, roomId);
    const [summary] = listing ? await this.#summaries([listing]) : [];
    if (!summary) throw notFound();
    return {
      summary,
      size: await store.size(db, summary.nid),
      aliases: await store.aliases(db, roomId),
      jobs: await jobs.list(roomId, { before: undefined, limit: JOBS_SHOWN }),
    };
  }

  hold(hold: Pick<Hold, 'roomId' | 'kind' | 'readable' | 'reason'>, by: string): Promise<Hold> {
    return this.#deps.engine.holds.put(hold, by);
  }

  async lift(roomId: RoomId): Promise<void> {
    if (!(await this.#deps.engine.holds.lift(roomId))) throw new MatrixError('M_NOT_FOUND', 'nothing holds this room');
  }

  async deleteRoom(
    roomId: RoomId,
    { evict, block, reason }: { evict: boolean; block: boolean; reason: string | undefined },
    by: string,
  ): Promise<Job> {
    const { db, engine } = this.#deps;
    const listing = await store.one(db, roomId);
    if (!listing) throw notFound();
    const counts = await store.counts(db, [listing.nid], engine.serverName);
    if (!evict && (counts.get(listing.nid)?.local ?? 0) > 0) {
      throw new MatrixError('M_BAD_STATE', 'users of this server are in the room; with `evict` they leave it first');
    }
    if (block) await engine.holds.put({ roomId, kind: 'blocked', readable: true, reason }, by);
    const job = await this.#start(roomId, 'purge room', { evict, ...(reason !== undefined && { reason }) }, by);
    await engine.holds.refresh();
    return job;
  }

  async purgeHistory(
    roomId: RoomId,
    { event, time }: { event: EventId | undefined; time: number | undefined },
    by: string,
  ): Promise<Job> {
    const { db, engine } = this.#deps;
    if ((event === undefined) === (time === undefined)) {
      throw new MatrixError('M_INVALID_PARAM', 'say either before which event or before which time');
    }
    const room = await engine.rooms.byId(roomId);
    if (!room?.head) throw notFound();
    if (event === undefined) return this.#start(roomId, 'purge history', { before_ts: time ?? 0 }, by);
    const place = await store.place(db, room.nid, event);
    if (place === undefined) throw new MatrixError('M_NOT_FOUND', 'there is no such event in the timeline of the room');
    return this.#start(roomId, 'purge history', { before_event: event, before_place: place }, by);
  }

  async job(id: number): Promise<Job> {
    const job = await this.#deps.jobs.get(id);
    if (!job) throw new MatrixError('M_NOT_FOUND', 'there is no such job');
    return job;
  }

  async jobs(roomId: RoomId | undefined, { before, limit = PAGE }: { before?: number; limit?: number }) {
    const jobs = await this.#deps.jobs.list(roomId, { before, limit });
    return { jobs, next: jobs.length === limit ? jobs.at(-1)?.id : undefined };
  }

  async #start(roomId: RoomId, kind: JobKind, options: JsonObject, requestedBy: string): Promise<Job> {
    const job = await this.#deps.jobs.add({ roomId, kind, options, requestedBy });
    if (!job) throw new MatrixError('M_BAD_STATE', `the room has a job "${kind}" that is not over`);
    return job;
  }

  async #summaries(listings: readonly RoomListing[]): Promise<RoomSummary[]> {
    const { db, engine } = this.#deps;
    const nids = listings.map(({ nid }) => nid);
    const counts = listings.length === 0 ? new Map<number, Counts>() : await store.counts(db, nids, engine.serverName);
    return listings.map((listing) => ({
      ...listing,
      ...(counts.get(listing.nid) ?? NOBODY),
      name: nameOf(listing.nameEvent),
      hold: engine.holds.of(listing.roomId),
    }));
  }
}

const nameOf = (text: string | null): string | undefined => {
  if (text === null) return undefined;
  const { content } = JSON.parse(text) as { readonly content: { readonly name?: unknown } };
  return typeof content.name === 'string' ? content.name : undefined;
};

const notFound = () => new MatrixError('M_NOT_FOUND', 'this server does not know that room');
