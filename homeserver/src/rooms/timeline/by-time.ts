import type { Database, ReadTx } from '../../storage/database.ts';
import { named } from '../../storage/sql.ts';
import type { Events } from '../events.ts';
import { EVENT_COLUMNS, type EventRow } from '../events.store.ts';
import type { RoomNid, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';

/** A moment, and in which direction from there an event is looked for. */
export interface Moment {
  readonly at: number;
  readonly direction: 'back' | 'forward';
  /** The last place of the timeline that may be told of; absent for all of it. */
  readonly until?: number | undefined;
}

export type See = (events: readonly StoredEvent[]) => Promise<readonly StoredEvent[]>;

const PAGE = 50;
/** Of events that are not for whoever asks; then there is none. */
const MAX_PAGES = 10;

interface From {
  readonly at: number;
  readonly ord: number;
}

const store = {
  /** Events of a timeline by the time at which they were sent, from a moment on; `from` is exclusive. */
  page: (tx: ReadTx, room: RoomNid, { at, ord }: From, { direction, until }: Moment): Promise<EventRow[]> => {
    const [than, order] = direction === 'back' ? ['<', 'DESC'] : ['>', 'ASC'];
    // As two: nobody plans well for pairs, and a whole room may say that it is of one moment.
    const text = `
      SELECT ${EVENT_COLUMNS} FROM (
        (SELECT * FROM events
          WHERE room_nid = $1 AND ord IS NOT NULL AND sent_at = $2 AND ord ${than} $3 AND ord <= $4
          ORDER BY ord ${order} LIMIT ${PAGE})
        UNION ALL
        (SELECT * FROM events
          WHERE room_nid = $1 AND ord IS NOT NULL AND sent_at ${than} $2 AND ord <= $4
          ORDER BY sent_at ${order}, ord ${order} LIMIT ${PAGE})) e
       ORDER BY sent_at ${order}, ord ${order} LIMIT ${PAGE}`;
    const values = [room, at, ord, until ?? Number.MAX_SAFE_INTEGER];
    return tx.rows(named(`events.by_time_${direction}`, { text, values }));
  },
};

/** Finds events by when they were sent, which is what their servers said. */
export class EventsByTime {
  readonly #db: Database;
  readonly #events: Events;

  constructor(db: Database, events: Events) {
    this.#db = db;
    this.#events = events;
  }

  /** The event closest to a moment, of those that `see` lets through. */
  async closest(room: Room, moment: Moment, see: See): Promise<StoredEvent | undefined> {
    const edge = moment.direction === 'back' ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
    let from: From = { at: moment.at, ord: edge };
    for (let page = 0; page < MAX_PAGES; page++) {
      const events = await this.#events.fromRows(await store.page(this.#db, room.nid, from, moment));
      const [seen] = await see(events);
      const last = events.at(-1);
      if (seen || events.length < PAGE || last?.ord === undefined) return seen;
      from = { at: last.event.sentAt, ord: last.ord };
    }
    return undefined;
  }
}

/** Whether one event is closer to a moment than another one, or than none, and on the right side of it. */
export const isCloser = (sentAt: number, { at, direction }: Moment, than: StoredEvent | undefined): boolean => {
  const distance = (time: number) => (direction === 'back' ? at - time : time - at);
  return distance(sentAt) >= 0 && (than === undefined || distance(sentAt) < distance(than.event.sentAt));
};
