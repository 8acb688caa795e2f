import { LRUCache } from 'lru-cache';
import { byPlace } from '../../storage/by-place.ts';
import type { Database, ReadTx } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import { named, sql } from '../../storage/sql.ts';
import { LastChanges } from '../../streams/last-changes.ts';
import type { Position } from '../../streams/stream.ts';
import type { EventNid, KeyNumber, RoomNid, SnapshotId, StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';
import type { Events } from '../events.ts';
import type { Tries } from './tries.ts';

/** A stretch of a room's time, without its beginning. */
interface Stretch {
  readonly room: RoomNid;
  readonly after: Position;
  readonly upTo: Position;
}

interface Redacted {
  readonly event_nid: EventNid;
  readonly key_number: KeyNumber;
}

interface Row extends Redacted {
  readonly n: number;
}

/** What was redacted in a room since a place, with the place of each redaction. */
interface Known {
  from: Position;
  readonly redacted: (Redacted & { readonly position: Position })[];
}

/** Of a room the newest, so that nobody makes a look-up long by redacting their own name over and over. */
const MOST = 1_000;
/** Of all rooms. */
const REMEMBERED = 20_000;

const store = {
  between: (tx: ReadTx, stretches: readonly Stretch[]): Promise<Row[]> =>
    tx.rows(
      named(
        'redactions.of_state',
        sql`SELECT u.n::int AS n, e.event_nid, e.key_number
              FROM unnest(${stretches.map(({ room }) => room)}::int[],
                          ${stretches.map(({ after }) => after)}::bigint[],
                          ${stretches.map(({ upTo }) => upTo)}::bigint[])
                   WITH ORDINALITY AS u(room_nid, after, up_to, n)
             CROSS JOIN LATERAL (
                     SELECT event_nid, key_number, redacted_by FROM events
                      WHERE room_nid = u.room_nid AND redacted_by IS NOT NULL AND key_number IS NOT NULL
                      ORDER BY redacted_by DESC LIMIT ${MOST}) e
              JOIN events r ON r.event_nid = e.redacted_by AND r.position > u.after AND r.position <= u.up_to
             ORDER BY n, r.position`,
      ),
    ),
};

/**
 * State that was redacted: it goes on to be current, the same event, and says less. So nothing that compares one state with another
 * finds it. Memory knows what has happened since the start, and mostly that nothing has.
 */
export class StateRedactions {
  readonly #deps: { readonly tries: Tries; readonly events: Events };
  readonly #start: Position;
  readonly #rooms: LastChanges<RoomNid>;
  readonly #known = new LRUCache<RoomNid, Known>({
    maxSize: REMEMBERED,
    sizeCalculation: ({ redacted }) => redacted.length,
  });
  readonly #gather: Gather<Stretch, readonly Redacted[]>;

  constructor(db: Database, deps: { readonly tries: Tries; readonly events: Events }, start: Position) {
    this.#deps = deps;
    this.#start = start;
    this.#rooms = new LastChanges(start);
    this.#gather = new Gather(async (stretches) => byPlace(stretches, await store.between(db, stretches)));
  }

  /** A step is durable that ends at this position. */
  committed(change: Change, end: Position): void {
    for (const { target, by, keyNumber } of change.redacting.redacted) {
      if (keyNumber === undefined) continue;
      const position = change.event(by)?.position ?? end;
      this.#remember(change.room.nid, { event_nid: target, key_number: keyNumber, position });
    }
  }

  /** False only where no state of a room was redacted after a position for certain. */
  mayBeAny(room: RoomNid, after: Position): boolean {
    return this.#rooms.mayHaveChanged(room, after);
  }

  /** What is current in a state and was redacted in a stretch of time, as it is now. */
  async current(stretch: Stretch, snapshot: SnapshotId): Promise<readonly StoredEvent[]> {
    if (!this.mayBeAny(stretch.room, stretch.after)) return [];
    const redacted = this.#atHand(stretch) ?? (await this.#gather.load([stretch])).get(stretch) ?? [];
    if (redacted.length === 0) return [];
    const { tries, events } = this.#deps;
    const keys = redacted.map(({ key_number: key }) => key);
    const current = await tries.lookup(snapshot, [...new Set(keys)]);
    const nids = redacted.filter(({ event_nid: nid, key_number: key }) => current.get(key) === nid);
    return [...(await events.load(nids.map(({ event_nid: nid }) => nid))).values()];
  }

  #remember(room: RoomNid, one: Known['redacted'][number]): void {
    const isFirst = !this.mayBeAny(room, this.#start);
    const fresh = { from: isFirst ? this.#start : ((one.position - 1) as Position), redacted: [] };
    const known = this.#known.get(room) ?? fresh;
    known.redacted.push(one);
    if (known.redacted.length > MOST) known.from = known.redacted.shift()?.position ?? known.from;
    // Taken in anew, because it weighs more now.
    this.#known.delete(room);
    this.#known.set(room, known);
    this.#rooms.note(room, one.position);
  }

  /** Undefined where that is not remembered. */
  #atHand({ room, after, upTo }: Stretch): readonly Redacted[] | undefined {
    const known = this.#known.get(room);
    if (!known || after < known.from) return undefined;
    return known.redacted.filter(({ position }) => position > after && position <= upTo);
  }
}
