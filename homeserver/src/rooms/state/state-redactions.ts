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

interface Row {
  readonly n: number;
  readonly event_nid: EventNid;
  readonly key_number: KeyNumber;
}

/** Of a room the newest, so that nobody makes a look-up long by redacting their own name over and over. */
const MOST = 1_000;

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
 * finds it. Where nothing of the kind has happened, memory knows.
 */
export class StateRedactions {
  readonly #deps: { readonly tries: Tries; readonly events: Events };
  readonly #rooms: LastChanges<RoomNid>;
  readonly #gather: Gather<Stretch, readonly Row[]>;

  constructor(db: Database, deps: { readonly tries: Tries; readonly events: Events }, from: Position) {
    this.#deps = deps;
    this.#rooms = new LastChanges(from);
    this.#gather = new Gather(async (stretches) => byPlace(stretches, await store.between(db, stretches)));
  }

  /** A step is durable that ends at this position. */
  committed({ room, redacting }: Change, position: Position): void {
    if (redacting.redacted.some(({ isState }) => isState)) this.#rooms.note(room.nid, position);
  }

  /** False only where no state of a room was redacted after a position for certain. */
  mayBeAny(room: RoomNid, after: Position): boolean {
    return this.#rooms.mayHaveChanged(room, after);
  }

  /** What is current in a state and was redacted in a stretch of time, as it is now. */
  async current(stretch: Stretch, snapshot: SnapshotId): Promise<readonly StoredEvent[]> {
    if (!this.mayBeAny(stretch.room, stretch.after)) return [];
    const redacted = (await this.#gather.load([stretch])).get(stretch) ?? [];
    if (redacted.length === 0) return [];
    const { tries, events } = this.#deps;
    const keys = redacted.map(({ key_number: key }) => key);
    const current = await tries.lookup(snapshot, [...new Set(keys)]);
    const nids = redacted.filter(({ event_nid: nid, key_number: key }) => current.get(key) === nid);
    return [...(await events.load(nids.map(({ event_nid: nid }) => nid))).values()];
  }
}
