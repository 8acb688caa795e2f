import { type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { membershipOf } from '../../core/events/content.ts';
import type { Event } from '../../core/events/event.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import type { Numbers } from '../../storage/numbers.ts';
import { sql } from '../../storage/sql.ts';
import type { Committer } from '../commit.ts';
import type { Member, RoomNid } from '../model.ts';
import type { Rooms } from '../rooms.ts';
import { membersStore } from './members.store.ts';
import type { UserRooms } from './user-rooms.ts';

export interface OutsideDeps {
  readonly db: Database;
  readonly rooms: Rooms;
  readonly nids: Numbers;
  readonly committer: Committer;
  readonly userRooms: UserRooms;
}

export interface Told {
  /** What the user may know of the room. */
  readonly stripped: readonly JsonObject[];
  readonly via: readonly ServerName[];
}

/** Memberships of our users in rooms that this server is not in: invites and knocks, and how they end. */
export class OutsideMemberships {
  readonly #deps: OutsideDeps;

  constructor(deps: OutsideDeps) {
    this.#deps = deps;
  }

  /** Stores a member event of one of our users, and what it says. */
  async put(user: UserId, event: Event, told?: Told): Promise<void> {
    const { db, rooms, nids, committer } = this.#deps;
    const identity = await rooms.identify(db, event.roomId, event.version);
    const nid = await nids.whenAtHand(1, () => nids.take());
    const position = await committer.claim();
    try {
      const member: Member = {
        roomNid: identity.nid,
        userId: user,
        membership: membershipOf(event) ?? 'leave',
        eventNid: nid,
        sender: event.sender,
        server: serverOf(user),
        position,
      };
      const stored = await db.transact(async (tx) => {
        const eventNid = await addOutlier(tx, identity.nid, nid, event);
        const changed = { ...member, eventNid };
        const stripped = told ? JSON.stringify(told.stripped) : null;
        await membersStore.putOutside(tx, changed, { stripped, via: told?.via ?? [] });
        return changed;
      });
      this.#deps.userRooms.changed(stored);
    } finally {
      committer.release([position]);
      committer.wake(position, [user]);
    }
  }
}

const addOutlier = async (tx: ReadTx, room: RoomNid, nid: number, event: Event): Promise<number> => {
  const [row] = await tx.rows<{ event_nid: number }>(sql`
    INSERT INTO events (event_nid, room_nid, event_id, depth, sent_at, json)
    VALUES (${nid}, ${room}, ${event.eventId}, ${event.depth}, ${event.sentAt}, ${pduText(event)})
    ON CONFLICT (event_id) DO UPDATE SET room_nid = events.room_nid
    RETURNING event_nid`);
  if (!row) throw new Error(`the event ${event.eventId} was not kept`);
  return row.event_nid;
};
