import type { EventId } from '@holm/spec/ids';
import { slices, Turns } from '../../platform/turns.ts';
import type { Database } from '../../storage/database.ts';
import { gapsStore } from '../ingest/gaps.store.ts';
import type { EventNid, KeyNumber, RoomNid, SnapshotId } from '../model.ts';
import type { Room } from '../room.ts';
import type { Tries } from '../state/tries.ts';
import type { StateRow } from '../write/room-write.ts';

/** Keys of a state that are set at a time, and events that are looked up at a time. */
const KEYS_AT_ONCE = 200;
const EVENTS_AT_ONCE = 200;

/** The state before a join, with the rows that it is made of. */
export interface FullState {
  readonly snapshot: SnapshotId;
  readonly rows: readonly StateRow[];
  /** Its events. */
  readonly nids: readonly EventNid[];
}

export interface FullStateDeps {
  readonly db: Database;
  readonly tries: Tries;
}

/**
 * The full state before a join of which a part is known. What whoever is asked for it can add is members, and what could not be
 * read before. All else was said by the server that let us in, of the same moment: nobody who is asked later can put anything in its
 * place.
 */
export const fullState = async (
  { db, tries }: FullStateDeps,
  room: Pick<Room, 'nid' | 'head'>,
  { known, ids }: { readonly known: SnapshotId; readonly ids: readonly EventId[] },
): Promise<FullState> => {
  const entries = await entriesOf(db, room, ids);
  for (const [key, nid] of await tries.entries(known)) entries[key] = nid;
  const rows: StateRow[] = [];
  const nids: EventNid[] = [];
  let snapshot = known;
  for await (const some of batchesOf(entries)) {
    const next = await tries.change(snapshot, some);
    rows.push(...next.rows);
    nids.push(...some.values());
    ({ snapshot } = next);
  }
  return { snapshot, rows, nids };
};

/** Events by the numbers of their keys, 0 where there is none: numbers of keys leave hardly any gaps. */
const entriesOf = async (db: Database, { nid, head }: Pick<Room, 'nid' | 'head'>, ids: readonly EventId[]) => {
  const entries: EventNid[] = new Array<EventNid>(head?.nextKey ?? 0).fill(0);
  for await (const some of slices(ids, EVENTS_AT_ONCE)) {
    for (const ref of await gapsStore.refs(db, some)) if (isUsable(ref, nid)) entries[ref.keyNumber] = ref.nid;
  }
  return entries;
};

type Ref = Awaited<ReturnType<typeof gapsStore.refs>>[number];

const isUsable = (ref: Ref, room: RoomNid): ref is Ref & { readonly keyNumber: KeyNumber } =>
  ref.room === room && ref.status !== 'rejected' && ref.authNumber !== undefined && ref.keyNumber !== undefined;

async function* batchesOf(entries: readonly EventNid[]): AsyncGenerator<Map<KeyNumber, EventNid>> {
  const turns = new Turns();
  let batch = new Map<KeyNumber, EventNid>();
  for (const [key, nid = 0] of entries.entries()) {
    if (nid === 0) continue;
    batch.set(key, nid);
    if (batch.size < KEYS_AT_ONCE) continue;
    if (turns.isOver) await turns.next();
    yield batch;
    batch = new Map();
  }
  if (batch.size > 0) yield batch;
}
