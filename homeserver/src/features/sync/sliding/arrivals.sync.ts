import { membershipOf } from '../../../core/events/content.ts';
import type { Soon } from '../../../platform/soon.ts';
import type { Events } from '../../../rooms/events.ts';
import type { EventNid, Member, StoredEvent } from '../../../rooms/model.ts';
import type { Database } from '../../../storage/database.ts';
import { arrivalsStore as store } from './arrivals.store.ts';
import type { ListedRoom } from './listed-room.ts';
import type { Roster } from './roster.ts';

/** A membership that is followed back to when it began. */
interface Stay {
  readonly member: Member;
  /** No further than to what has brought the room up. */
  readonly bump: number;
  readonly since: number;
  /** What was so before. */
  readonly before: EventNid;
}

/** Whoever has changed their profile more often since has been there for long. */
const MAX_CHANGES = 20;
const LONG_AGO = 0;

/** When people came into the rooms that they are in: a change of profile is a join, too, but nobody comes in by it. */
export class Arrivals {
  readonly #db: Database;
  readonly #events: Pick<Events, 'cached' | 'glance'>;

  constructor(db: Database, events: Pick<Events, 'cached' | 'glance'>) {
    this.#db = db;
    this.#events = events;
  }

  /** Puts rooms where they belong by that, of which it was not known yet. */
  settle(roster: Roster): Soon<void> {
    const { unsettled } = roster;
    return unsettled.length === 0 ? undefined : this.#settle(roster, unsettled);
  }

  /** Together: after a change of profile there may be thousands. */
  async #settle(roster: Roster, rooms: readonly ListedRoom[]): Promise<void> {
    const replaced = await this.#replaced(rooms.map(({ member }) => member.eventNid));
    let open: Stay[] = [];
    for (const { card, member } of rooms) {
      const before = replaced.get(member.eventNid);
      if (before === undefined) roster.cameIn(member, member.position);
      else open.push({ member, bump: card.bump, since: member.position, before });
    }
    for (let n = 0; open.length > 0; n++) open = await this.#followed(roster, open, n === MAX_CHANGES);
  }

  /** Those that have to be followed further. */
  async #followed(roster: Roster, open: readonly Stay[], isLast: boolean): Promise<Stay[]> {
    const events = await this.#events.glance(open.map(({ before }) => before));
    const found = new Map(events.map((event) => [event.nid, event]));
    const further: Stay[] = [];
    for (const stay of open) {
      const { since, before } = sooner(stay, found.get(stay.before));
      if (before !== undefined && since > stay.bump && !isLast) further.push({ ...stay, since, before });
      else roster.cameIn(stay.member, before === undefined ? since : LONG_AGO);
    }
    return further;
  }

  async #replaced(nids: readonly EventNid[]): Promise<ReadonlyMap<EventNid, EventNid | undefined>> {
    const cached = nids.flatMap((nid) => this.#events.cached(nid) ?? []);
    const replaced = new Map(cached.map(({ nid, replaces }) => [nid, replaces]));
    const missing = nids.filter((nid) => !replaced.has(nid));
    const rows = missing.length === 0 ? [] : await store.replaced(this.#db, missing);
    for (const row of rows) replaced.set(row.event_nid, row.replaces);
    return replaced;
  }
}

/** Whether somebody was there before, and what was so before that. */
const sooner = ({ since }: Stay, event: StoredEvent | undefined): { since: number; before: EventNid | undefined } =>
  event && membershipOf(event.event) === 'join'
    ? { since: event.position ?? 0, before: event.replaces }
    : { since, before: undefined };
