import type { UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../../http/route.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position } from '../../streams/stream.ts';

interface Telling {
  readonly members: Iterable<UserId>;
  /** The position that the answer ends at. */
  readonly at: Position;
}

const DEVICES = 5_000;
const MEMBERS_PER_DEVICE = 2_000;

/**
 * Which members a device knows already, so that their events are not sent with each of their messages.
 *
 * Forgetting costs only bytes. An answer that got lost does no harm: what it told counts as known only when the device
 * comes back with a token that is at least as new.
 */
export class LazyMembers {
  /** When each member was last told, oldest first. */
  readonly #told = new LRUCache<string, Map<string, Position>>({ max: DEVICES });

  knows({ userId, deviceId }: Caller, room: RoomNid, at: Position): (member: UserId) => boolean {
    const told = this.#told.get(`${userId} ${deviceId}`);
    return (member) => (told?.get(`${room} ${member}`) ?? Infinity) <= at;
  }

  tell({ userId, deviceId }: Caller, room: RoomNid, { members, at }: Telling): void {
    const device = `${userId} ${deviceId}`;
    let told = this.#told.get(device);
    for (const member of members) {
      if (!told) this.#told.set(device, (told = new Map<string, Position>()));
      const key = `${room} ${member}`;
      if ((told.get(key) ?? Infinity) <= at) continue;
      told.set(key, at);
      if (told.size > MEMBERS_PER_DEVICE) forgetOldest(told);
    }
  }
}

const forgetOldest = (told: Map<string, Position>): void => {
  for (const key of told.keys()) {
    told.delete(key);
    return;
  }
};
