import type { RoomNid } from '../../rooms/model.ts';
import type { Database } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import type { Range } from '../../streams/stream.ts';
import type { Receipt } from './receipt.ts';
import { type PlacedReceipt, receiptsStore as store } from './receipts.store.ts';

/** The receipts of one room in a range of their stream. */
interface Wanted {
  readonly room: RoomNid;
  readonly range: Range;
}

/** Reads receipts from the database: those of a room once for all of its members who come at the same time. */
export class StoredReceipts {
  readonly #gather: Gather<Wanted, readonly PlacedReceipt[]>;

  constructor(db: Database) {
    this.#gather = new Gather(async (wanted) => {
      const byRange = Map.groupBy(wanted, ({ range: { after, upTo } }) => `${after} ${upTo}`);
      const found = await Promise.all([...byRange.values()].map((those) => read(db, those)));
      return new Map(found.flat());
    }, 'round');
  }

  /** In the order of their stream. */
  async of(rooms: Iterable<RoomNid>, range: Range): Promise<Receipt[]> {
    const wanted = [...rooms].map((room) => ({ room, range }));
    if (wanted.length === 0) return [];
    const found = await this.#gather.load(wanted);
    const placed = wanted.flatMap((one) => found.get(one) ?? []);
    return placed.sort((one, other) => one.position - other.position).map(({ receipt }) => receipt);
  }
}

/** All of `wanted` are of the same range. */
const read = async (
  db: Database,
  wanted: readonly Wanted[],
): Promise<(readonly [Wanted, readonly PlacedReceipt[]])[]> => {
  const [first] = wanted;
  if (!first) return [];
  const rooms = [...new Set(wanted.map(({ room }) => room))];
  const byRoom = Map.groupBy(await store.changed(db, rooms, first.range), ({ receipt }) => receipt.roomNid);
  return wanted.map((one) => [one, byRoom.get(one.room) ?? []] as const);
};
