import type { RoomEngine } from '../../../rooms/engine.ts';
import type { SnapshotId } from '../../../rooms/model.ts';
import type { Room } from '../../../rooms/room.ts';
import type { ListedRoom } from './listed-room.ts';

interface Known {
  readonly snapshot: SnapshotId;
  readonly children: readonly string[];
}

/** Which rooms are in spaces, by what the spaces say. */
export class Spaces {
  readonly #engine: Pick<RoomEngine, 'rooms' | 'tries' | 'events'>;
  readonly #known = new WeakMap<Room, Known>();

  constructor(engine: Pick<RoomEngine, 'rooms' | 'tries' | 'events'>) {
    this.#engine = engine;
  }

  /** Of the spaces that somebody is in; those within them are not followed. */
  async childrenOf(rooms: readonly ListedRoom[], spaces: readonly string[]): Promise<ReadonlySet<string>> {
    const wanted = new Set(spaces);
    const nids = rooms
      .filter(({ card, member }) => member.membership === 'join' && wanted.has(card.roomId))
      .map(({ card }) => card.nid);
    const found = await this.#engine.rooms.byNids(nids);
    const children = await Promise.all([...found.values()].map((room) => this.#children(room)));
    return new Set(children.flat());
  }

  async #children(room: Room): Promise<readonly string[]> {
    const { head } = room;
    if (!head) return [];
    const known = this.#known.get(room);
    if (known?.snapshot === head.snapshot) return known.children;
    const { tries, events } = this.#engine;
    const nids = await tries.lookup(head.snapshot, await room.keys.withoutMembers(head.nextKey));
    const state = await events.load([...nids.values()]);
    const children = [...state.values()].flatMap(({ event: { type, stateKey, content } }) =>
      // A child without `via` has been taken out.
      type === 'm.space.child' && stateKey !== undefined && Array.isArray(content['via']) ? [stateKey] : [],
    );
    this.#known.set(room, { snapshot: head.snapshot, children });
    return children;
  }
}
