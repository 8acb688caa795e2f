import type { RoomId } from '@holm/spec/ids';
import { isFederated } from '../../core/events/content.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Head, RoomNid, SnapshotId } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Database } from '../../storage/database.ts';
import { type JoinedCounts, roomSummariesStore as store } from './room-summaries.store.ts';
import { type RoomSummary, SUMMARY_TYPES, summaryOf } from './summary.ts';

/** A room that this server takes part in, or has taken part in. */
export type HeadedRoom = Room & { readonly head: Head };

export interface LocalSummary {
  readonly room: HeadedRoom;
  /** The state that the summary tells of. */
  readonly snapshot: SnapshotId;
  readonly summary: RoomSummary;
  /** How many of this server are in it: without any, what we know of it is old. */
  readonly local: number;
  /** Whether asking to be let in is possible: the room's version may not know what its join rule says. */
  readonly isKnockable: boolean;
  /** Whether other servers may take part. */
  readonly isFederated: boolean;
}

export interface RoomSummariesDeps {
  readonly db: Database;
  readonly engine: Pick<RoomEngine, 'rooms' | 'states' | 'serverName' | 'holds'>;
}

const KEYS = SUMMARY_TYPES.map((type) => [type, ''] as const);
const NOBODY: JoinedCounts = { joined: 0, local: 0 };

/** What this server can say about rooms from what it has of them. Many rooms cost as many queries as one. */
export class RoomSummaries {
  readonly #deps: RoomSummariesDeps;

  constructor(deps: RoomSummariesDeps) {
    this.#deps = deps;
  }

  /** Those of the rooms that somebody of this server is in. Rooms that an administrator has closed are left out. */
  async byIds(roomIds: readonly RoomId[]): Promise<Map<RoomId, LocalSummary>> {
    const { db, engine } = this.#deps;
    if (roomIds.length === 0) return new Map();
    const known = await store.known(
      db,
      roomIds.filter((roomId) => !engine.holds.isHidden(roomId) && !engine.holds.isStopped(roomId)),
    );
    const rooms = await this.#headed(known.map(({ nid }) => nid));
    const summaries = await this.of(rooms);
    return new Map(
      [...summaries.values()].filter(({ local }) => local > 0).map((found) => [found.room.roomId, found] as const),
    );
  }

  async byNids(nids: readonly RoomNid[]): Promise<Map<RoomNid, LocalSummary>> {
    return this.of(await this.#headed(nids));
  }

  async of(rooms: readonly HeadedRoom[]): Promise<Map<RoomNid, LocalSummary>> {
    const { db, engine } = this.#deps;
    if (rooms.length === 0) return new Map();
    const nids = rooms.map(({ nid }) => nid);
    // The states first: counts that are newer than a state are put right with the next one, older ones never.
    const views = await Promise.all(
      rooms.map(async (room) => {
        const { snapshot } = room.head;
        return [room, snapshot, await engine.states.view(room, snapshot, KEYS)] as const;
      }),
    );
    const counts = await store.counts(db, nids, engine.serverName);
    return new Map(
      views.map(([room, snapshot, view]) => {
        const { joined, local } = counts.get(room.nid) ?? NOBODY;
        const subject = {
          roomId: room.roomId,
          version: room.version.id,
          isRestricted: (rule: string) => room.version.auth.restricted.has(rule),
          joined,
        };
        const contentOf = (type: string) => view.get(keyString(type, ''))?.event.content;
        const summary = summaryOf(subject, contentOf);
        const isKnockable = room.version.auth.knockable.has(summary.join_rule);
        const federated = isFederated(contentOf('m.room.create'));
        return [room.nid, { room, snapshot, summary, local, isKnockable, isFederated: federated }];
      }),
    );
  }

  async #headed(nids: readonly RoomNid[]): Promise<HeadedRoom[]> {
    const rooms = await this.#deps.engine.rooms.byNids(nids);
    return [...rooms.values()].filter((room): room is HeadedRoom => room.head !== undefined);
  }
}
