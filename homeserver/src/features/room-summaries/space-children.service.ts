import type { JsonObject } from '@holm/spec/json';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Database } from '../../storage/database.ts';
import type { LocalSummary } from './room-summaries.service.ts';
import { roomSummariesStore as store } from './room-summaries.store.ts';
import { inOrder, isSuggested, readChild, SPACE_CHILD, type SpaceChild } from './space-child.ts';

export interface SpaceChildrenDeps {
  readonly db: Database;
  readonly engine: Pick<RoomEngine, 'tries' | 'events'>;
}

/** A space with more children than that shows its first ones. */
const MAX_CHILDREN = 1_000;

/** The rooms in spaces that this server is in. Many spaces cost as many queries as one. */
export class SpaceChildren {
  readonly #deps: SpaceChildrenDeps;

  constructor(deps: SpaceChildrenDeps) {
    this.#deps = deps;
  }

  /** In order. Rooms that are no spaces have no children. */
  async of(rooms: readonly LocalSummary[], suggestedOnly: boolean): Promise<Map<RoomNid, SpaceChild[]>> {
    const { db, engine } = this.#deps;
    const spaces = rooms.filter(({ summary }) => summary.room_type === 'm.space');
    if (spaces.length === 0) return new Map();
    const keys = await store.keysOfType(
      db,
      spaces.map(({ room }) => room.nid),
      SPACE_CHILD,
    );
    const found = await Promise.all(
      spaces.map(async ({ room, snapshot }) => {
        const nids = await engine.tries.lookup(snapshot, keys.get(room.nid) ?? []);
        const events = await engine.events.load([...nids.values()]);
        const children = [...events.values()].flatMap(({ event }) => {
          const { type, stateKey, content, sender, sentAt } = event;
          const raw = { type, state_key: stateKey, content, sender, origin_server_ts: sentAt } as JsonObject;
          return readChild(raw) ?? [];
        });
        const wanted = suggestedOnly ? children.filter(isSuggested) : children;
        return [room.nid, inOrder(wanted).slice(0, MAX_CHILDREN)] as const;
      }),
    );
    return new Map(found);
  }
}
