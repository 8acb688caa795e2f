import { LRUCache } from 'lru-cache';
import type { EventNid, RoomNid, SnapshotId, StoredEvent } from '../model.ts';
import type { StateRow } from '../write/room-write.ts';
import type { NextState, Tries } from './tries.ts';
import { atMost } from '../../platform/at-most.ts';

const REMEMBERED = 20_000;
/** Other processes collect states, too; they wait for longer than this between condemning one and deleting it. */
export const REMEMBERED_MS = 5 * 60_000;
const NO_ROWS: readonly StateRow[] = [];

/** States after events. Messages leave the state as it was; so do rejected events. */
export class AfterStates {
  readonly #tries: Pick<Tries, 'changeShared' | 'generation'>;
  readonly #known = new LRUCache<EventNid, SnapshotId>({ ...atMost(REMEMBERED), ttl: REMEMBERED_MS });
  #generation = 0;

  constructor(tries: Pick<Tries, 'changeShared' | 'generation'>) {
    this.#tries = tries;
  }

  /** The state after an event that has its place in the room. */
  async of(room: RoomNid, { nid, keyNumber, snapshot, status }: StoredEvent): Promise<NextState> {
    if (snapshot === undefined) throw new Error(`the state before event ${nid} is not known`);
    if (keyNumber === undefined || status === 'rejected') return { snapshot, rows: NO_ROWS };
    if (this.#generation !== this.#tries.generation) this.#forget();
    const known = this.#known.get(nid);
    if (known !== undefined) return { snapshot: known, rows: NO_ROWS };
    return this.#tries.changeShared(room, snapshot, new Map([[keyNumber, nid]]));
  }

  /** The states before these events are other ones now. */
  forget(nids: readonly EventNid[]): void {
    for (const nid of nids) this.#known.delete(nid);
  }

  /** To be told once the state's rows are durable. */
  remember(nid: EventNid, snapshot: SnapshotId): void {
    this.#known.set(nid, snapshot);
  }

  /** Nothing that is stored leads to some of them, so that they may have been condemned. */
  #forget(): void {
    this.#known.clear();
    this.#generation = this.#tries.generation;
  }
}
