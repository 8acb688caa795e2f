import { RoomId } from '@holm/spec/ids';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { SnapshotId } from '../../../rooms/model.ts';
import type { Room } from '../../../rooms/room.ts';
import type { Position } from '../../../streams/stream.ts';
import type { Roster } from './roster.ts';

interface Known {
  readonly snapshot: SnapshotId;
  /** What has been redacted since then may have been a child. */
  readonly at: Position;
  readonly children: readonly string[];
}

type SpacesEngine = Pick<RoomEngine, 'rooms' | 'tries' | 'events' | 'stateRedactions' | 'stream'>;

const NONE: readonly string[] = [];

/** Which rooms are in spaces, by what the spaces say. */
export class Spaces {
  readonly #engine: SpacesEngine;
  readonly #known = new WeakMap<Room, Known>();

  constructor(engine: SpacesEngine) {
    this.#engine = engine;
  }

  /**
   * Of the spaces that somebody is in, one array for each; those within them are not followed. A space that has not
   * changed gives the same array.
   */
  async childrenOf(roster: Roster, spaces: readonly string[]): Promise<readonly (readonly string[])[]> {
    const nids = spaces.flatMap((space) => {
      const listed = RoomId.is(space) ? roster.find(space) : undefined;
      return listed?.member.membership === 'join' ? [listed.card.nid] : [];
    });
    const found = await this.#engine.rooms.byNids([...new Set(nids)]);
    return Promise.all([...found.values()].map((room) => this.#children(room)));
  }

  async #children(room: Room): Promise<readonly string[]> {
    const { head } = room;
    if (!head) return NONE;
    const { tries, events, stateRedactions, stream } = this.#engine;
    const known = this.#known.get(room);
    if (known?.snapshot === head.snapshot && !stateRedactions.mayBeAny(room.nid, known.at)) return known.children;
    const at = stream.settled;
    const nids = await tries.lookup(head.snapshot, await room.keys.withoutMembers(head.nextKey));
    const state = await events.load([...nids.values()]);
    const children = [...state.values()].flatMap(({ event: { type, stateKey, content } }) =>
      // A child without `via` has been taken out.
      type === 'm.space.child' && stateKey !== undefined && Array.isArray(content['via']) ? [stateKey] : [],
    );
    this.#known.set(room, { snapshot: head.snapshot, at, children });
    return children;
  }
}
