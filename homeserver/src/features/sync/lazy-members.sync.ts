import type { UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../../http/route.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position } from '../../streams/stream.ts';
import { atMost } from '../../platform/at-most.ts';

interface Telling {
  readonly members: readonly UserId[];
  /** The position that the answer ends at. */
  readonly at: Position;
  /** The answer tells the room from its beginning: whom the device knew before, it need not know any more, or as they were. */
  readonly isWhole: boolean;
}

interface Device {
  /** By room, when each member was last told. What was told of last comes last. */
  readonly rooms: Map<RoomNid, Map<UserId, Position>>;
  size: number;
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
  readonly #told = new LRUCache<string, Device>(atMost(DEVICES));

  knows(viewer: Caller, room: RoomNid, at: Position): (member: UserId) => boolean {
    const told = this.#told.get(nameOf(viewer))?.rooms.get(room);
    return (member) => (told?.get(member) ?? Infinity) <= at;
  }

  tell(viewer: Caller, room: RoomNid, telling: Telling): void {
    if (telling.members.length === 0 && !telling.isWhole) return;
    const device = this.#told.get(nameOf(viewer)) ?? { rooms: new Map<RoomNid, Map<UserId, Position>>(), size: 0 };
    learn(device, room, telling);
    while (device.size > MEMBERS_PER_DEVICE) forgetOldest(device);
    if (device.size > 0) this.#told.set(nameOf(viewer), device);
  }
}

const nameOf = ({ userId, deviceId }: Caller): string => `${userId} ${deviceId}`;

const learn = (device: Device, room: RoomNid, { members, at, isWhole }: Telling): void => {
  const before = device.rooms.get(room);
  const told = isWhole || !before ? new Map<UserId, Position>() : before;
  device.size -= before?.size ?? 0;
  device.rooms.delete(room);
  for (const member of members) if ((told.get(member) ?? Infinity) > at) told.set(member, at);
  device.size += told.size;
  if (told.size > 0) device.rooms.set(room, told);
};

const forgetOldest = (device: Device): void => {
  const [oldest] = device.rooms;
  if (!oldest) return;
  const [room, told] = oldest;
  const [member] = told.keys();
  if (member !== undefined && told.delete(member)) device.size--;
  if (told.size === 0) device.rooms.delete(room);
};
