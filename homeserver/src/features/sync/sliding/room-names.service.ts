import type { RoomEngine } from '../../../rooms/engine.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import { wellKnownKey } from '../../../rooms/state/well-known-keys.ts';
import type { Database } from '../../../storage/database.ts';
import { roomNameOf } from '../../../core/events/content.ts';
import { roomCardsStore as store } from './room-cards.store.ts';
import type { Roster } from './roster.ts';

/** Of rooms that have one, in lower case. */
export type Names = ReadonlyMap<RoomNid, string>;

interface Known {
  readonly names: Names;
  readonly standing: number;
  readonly mark: number;
}

const NAME = wellKnownKey(['m.room.name', '']) ?? -1;

/** What rooms are called, for those who look for them by that; kept as long as a user's rooms are. */
export class RoomNames {
  readonly #db: Database;
  readonly #engine: Pick<RoomEngine, 'roomChanges'>;
  readonly #known = new WeakMap<Roster, Known>();

  constructor(db: Database, engine: Pick<RoomEngine, 'roomChanges'>) {
    this.#db = db;
    this.#engine = engine;
  }

  /** Another object only where a name is another one. */
  async of(roster: Roster): Promise<Names> {
    const { roomChanges } = this.#engine;
    const { standing } = roster;
    const { mark } = roomChanges;
    const known = this.#known.get(roster);
    const noted = known?.standing === standing ? roomChanges.sinceMark(known.mark) : undefined;
    const changed = noted?.filter((nid) => roster.get(nid));
    if (known && changed?.length === 0) return known.names;
    const names = await this.#read(changed ?? [...roster.nids]);
    const all = known && changed ? merged(known.names, changed, names) : names;
    this.#known.set(roster, { names: all, standing, mark });
    return all;
  }

  async #read(rooms: readonly RoomNid[]): Promise<Names> {
    const rows = await store.names(this.#db, [...new Set(rooms)], NAME);
    const names = rows.map(({ room_nid: nid, json }) => {
      const { content } = JSON.parse(json) as { content?: Parameters<typeof roomNameOf>[0] };
      return [nid, roomNameOf(content ?? {})?.toLowerCase() ?? ''] as const;
    });
    return new Map(names.filter(([, name]) => name !== ''));
  }
}

const merged = (known: Names, changed: readonly RoomNid[], names: Names): Names => {
  if (changed.every((nid) => known.get(nid) === names.get(nid))) return known;
  const all = new Map(known);
  for (const nid of changed) {
    const name = names.get(nid);
    if (name === undefined) all.delete(nid);
    else all.set(nid, name);
  }
  return all;
};
