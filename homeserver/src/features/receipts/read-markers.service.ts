import { EventId, type RoomId, type UserId } from '@holm/spec/ids';
import type { AccountData } from '../account-data/index.ts';
import type { Events } from '../../rooms/events.ts';
import type { EphemeralRooms } from '../../rooms/members/ephemeral-rooms.ts';
import type { Receipts } from './receipts.service.ts';

export interface ReadMarkersDeps {
  readonly accountData: AccountData;
  readonly rooms: EphemeralRooms;
  readonly events: Events;
  readonly receipts: Receipts;
}

/** Where everything before has been read or is of no interest: https://spec.matrix.org/latest/client-server-api/#fully-read-markers */
export class ReadMarkers {
  readonly #deps: ReadMarkersDeps;

  constructor(deps: ReadMarkersDeps) {
    this.#deps = deps;
  }

  /** Moves the marker on, never back. M_FORBIDDEN outside the room, M_NOT_FOUND for an event that is not of it. */
  async set(userId: UserId, roomId: RoomId, eventId: EventId): Promise<void> {
    const { accountData, rooms, events, receipts } = this.#deps;
    const room = await rooms.ofMember(userId, roomId);
    const { ord = 0 } = await receipts.eventFor(userId, room, eventId);
    const before = await accountData.find({ userId, roomId, type: 'm.fully_read' });
    const marked = before?.['event_id'];
    const known = EventId.is(marked) ? await events.byId(marked) : undefined;
    if (known?.ord !== undefined && known.roomNid === room.nid && known.ord >= ord) return;
    await accountData.set({ userId, roomId, type: 'm.fully_read' }, { event_id: eventId });
  }
}
