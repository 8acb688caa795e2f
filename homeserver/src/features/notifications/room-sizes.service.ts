import type { RoomEngine } from '../../rooms/engine.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { ReadTx } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import { unreadStore as store } from './unread.store.ts';

interface Counted {
  readonly version: number;
  readonly joined: number;
}

/**
 * How many are in rooms, as of now: there is no cheap way to know how many there were once. Who is in them is not read for that: who
 * comes to a server that has just started asks for all of their rooms.
 */
export class RoomSizes {
  readonly #engine: Pick<RoomEngine, 'membersOf' | 'memberChanges' | 'partial'>;
  readonly #known = new WeakMap<Room, Counted>();
  readonly #gather: Gather<RoomNid, number>;

  constructor(db: ReadTx, engine: Pick<RoomEngine, 'membersOf' | 'memberChanges' | 'partial'>) {
    this.#engine = engine;
    this.#gather = new Gather((rooms) => store.memberCounts(db, rooms));
  }

  async of(room: Room): Promise<number> {
    const { loaded } = room.members;
    if (loaded) return sum(loaded.servers.values());
    // Of these it is known which servers are in them, and not yet who.
    if (this.#engine.partial.get(room.nid)) return sum((await this.#engine.membersOf(room)).servers.values());
    // Read before the members are: if they change meanwhile, what is kept is out of date at once.
    const version = this.#engine.memberChanges.versionOf(room.nid);
    const known = this.#known.get(room);
    if (known?.version === version) return known.joined;
    const joined = (await this.#gather.load([room.nid])).get(room.nid) ?? 0;
    this.#known.set(room, { version, joined });
    return joined;
  }
}

const sum = (numbers: Iterable<number>): number => {
  let all = 0;
  for (const one of numbers) all += one;
  return all;
};
