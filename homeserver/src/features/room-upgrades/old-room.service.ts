import type { RoomId, UserId } from '@holm/spec/ids';
import { MatrixError } from '@holm/spec/errors';
import type { Event } from '../../core/events/event.ts';
import { redactEvent } from '../../core/events/to-event.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import { roomTypeOf } from '../../core/events/content.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Head, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { CARRIED_TYPES, SPACE_CHILD } from './carried-state.ts';

const CREATE = 'm.room.create';
const READ = [...CARRIED_TYPES, CREATE, 'm.room.power_levels', 'm.room.canonical_alias', 'm.room.tombstone'] as const;

type KnownRoom = Room & { readonly head: Head };

/** What matters of a room that is to be replaced. */
export interface OldRoom {
  readonly room: KnownRoom;
  readonly create: Event;
  /** The newest event. */
  readonly lastEventId: string | undefined;
  readonly powerLevels: Event | undefined;
  readonly canonicalAlias: Event | undefined;
  readonly tombstone: Event | undefined;
  /** What is to be the same in the new room. */
  readonly carried: readonly Event[];
}

/** M_FORBIDDEN for who is not in the room. */
export const readOldRoom = async (engine: RoomEngine, user: UserId, roomId: RoomId): Promise<OldRoom> => {
  const { room } = await engine.access.ofMember(user, roomId);
  const { snapshot, extremities } = room.head;
  const keys = READ.map((type) => [type, ''] as const);
  const view = await engine.states.view(room, snapshot, keys);
  const at = (type: string): Event | undefined => {
    const stored = view.get(keyString(type, ''));
    return stored && asSeen(stored);
  };
  const create = at(CREATE);
  if (!create) throw new MatrixError('M_NOT_FOUND', 'this room has no create event');
  const children = roomTypeOf(create.content) === 'm.space' ? await childrenOf(engine, room) : [];
  const [newest] = extremities.toSorted((a, b) => b.depth - a.depth);
  return {
    room,
    create,
    lastEventId: newest?.eventId,
    powerLevels: at('m.room.power_levels'),
    canonicalAlias: at('m.room.canonical_alias'),
    tombstone: at('m.room.tombstone'),
    carried: [...CARRIED_TYPES.flatMap((type) => at(type) ?? []), ...children],
  };
};

const childrenOf = async ({ tries, events }: RoomEngine, room: KnownRoom): Promise<Event[]> => {
  const numbers = await room.keys.withoutMembers(room.head.nextKey);
  const nids = await tries.lookup(room.head.snapshot, numbers);
  const state = await events.load([...nids.values()]);
  return [...state.values()].map(asSeen).filter(({ type }) => type === SPACE_CHILD);
};

const asSeen = ({ event, redactedBy }: StoredEvent): Event => (redactedBy === undefined ? event : redactEvent(event));
