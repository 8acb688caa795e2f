import type { UserId } from '@holm/spec/ids';
import type { LRUCache } from 'lru-cache';
import type { Caller } from '../../http/route.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position } from '../../streams/stream.ts';
import type { IdleCaches } from '../../platform/idle-caches.ts';

interface Telling {
  readonly members: readonly UserId[];
  /** The position that the answer ends at. */
  readonly at: Position;
  /** The answer tells the room from its beginning: whom the device knew before, it need not know any more, or as they were. */
  readonly isWhole: boolean;
}

/** When each member was last told. */
interface Members {
  readonly told: Map<UserId, Position>;
  newest: Position;
}

interface Device {
  /** By room. What was told of last comes last. */
  readonly rooms: Map<RoomNid, Members>;
  size: number;
}

/** All devices together; each counts as some besides. */
const MEMBERS = 2_000_000;
const PER_DEVICE = 10;
const MEMBERS_PER_DEVICE = 2_000;

/**
 * Which members a device knows already, so that their events are not sent with each of their messages.
 *
 * Forgetting costs only bytes. An answer that got lost does no harm, nor does a client that was started again and goes on from an
 * older one: what has been told after the place that a device comes back with counts as never told.
 */
export class LazyMembers {
  readonly #told: LRUCache<string, Device>;

  constructor(idle: IdleCaches) {
    this.#told = idle.create<string, Device>({ maxSize: MEMBERS, sizeCalculation: ({ size }) => PER_DEVICE + size });
  }

  /** Whom of a room a device knows that goes on from a place. It is forgotten who was told after that. */
  knows(viewer: Caller, room: RoomNid, at: Position): (member: UserId) => boolean {
    const device = this.#told.get(nameOf(viewer));
    const members = device?.rooms.get(room);
    if (!device || !members) return () => false;
    if (members.newest > at) forgetAfter(device, members, at);
    return (member) => (members.told.get(member) ?? Infinity) <= at;
  }

  tell(viewer: Caller, room: RoomNid, telling: Telling): void {
    if (telling.members.length === 0 && !telling.isWhole) return;
    const device = this.#told.get(nameOf(viewer)) ?? { rooms: new Map<RoomNid, Members>(), size: 0 };
    learn(device, room, telling);
    while (device.size > MEMBERS_PER_DEVICE) forgetOldest(device);
    // Its size is looked at only when it is taken in.
    this.#told.delete(nameOf(viewer));
    if (device.size > 0) this.#told.set(nameOf(viewer), device);
  }
}

const nameOf = ({ userId, deviceId }: Caller): string => `${userId} ${deviceId}`;

const learn = (device: Device, room: RoomNid, { members, at, isWhole }: Telling): void => {
  const before = device.rooms.get(room);
  const known = isWhole || !before ? { told: new Map<UserId, Position>(), newest: at } : before;
  const { told } = known;
  device.size -= before?.told.size ?? 0;
  device.rooms.delete(room);
  for (const member of members) if ((told.get(member) ?? Infinity) > at) told.set(member, at);
  if (at > known.newest) known.newest = at;
  device.size += told.size;
  if (told.size > 0) device.rooms.set(room, known);
};

const forgetAfter = (device: Device, members: Members, place: Position): void => {
  for (const [member, at] of members.told) if (at > place && members.told.delete(member)) device.size--;
  members.newest = place;
};

const forgetOldest = (device: Device): void => {
  const [oldest] = device.rooms;
  if (!oldest) return;
  const [room, { told }] = oldest;
  const [member] = told.keys();
  if (member !== undefined && told.delete(member)) device.size--;
  if (told.size === 0) device.rooms.delete(room);
};
