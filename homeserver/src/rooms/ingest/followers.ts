import type { EventId } from '@holm/spec/ids';
import type { Database } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import type { RoomNid } from '../model.ts';
import { type Follower, gapsStore as store, statusOf } from './gaps.store.ts';

type Key = `${RoomNid} ${EventId}`;

/** What follows events that were missing. A transaction has events of many rooms, which ask together. */
export class Followers {
  readonly #db: Database;
  readonly #gather = new Gather<Key, Follower[]>((keys) => this.#read(keys));

  constructor(db: Database) {
    this.#db = db;
  }

  /** Those of `ids` that are missing ancestors of stored events, with what follows them. */
  async of(room: RoomNid, ids: readonly EventId[]): Promise<Map<EventId, Follower[]>> {
    const read = await this.#gather.load(ids.map((id): Key => `${room} ${id}`));
    return new Map(
      ids.flatMap((id) => {
        const followers = read.get(`${room} ${id}`);
        return followers ? [[id, followers]] : [];
      }),
    );
  }

  async #read(keys: readonly Key[]): Promise<Map<Key, Follower[]>> {
    const wanted = keys.map((key): [RoomNid, EventId] => {
      const end = key.indexOf(' ');
      return [Number(key.slice(0, end)), key.slice(end + 1) as EventId];
    });
    const found = new Map<Key, Follower[]>();
    for (const { room_nid, event_id, child_nid, status } of await store.followersIn(this.#db, wanted)) {
      const key: Key = `${room_nid} ${event_id}`;
      const followers = found.get(key) ?? [];
      followers.push({ nid: child_nid, status: statusOf(status) });
      found.set(key, followers);
    }
    return found;
  }
}
