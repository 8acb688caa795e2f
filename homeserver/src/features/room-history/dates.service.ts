import { MatrixError } from '@holm/spec/errors';
import type { EventId, RoomId, UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import { isWelcome, type Readers } from '../../rooms/timeline/readers.ts';
import type { Moment } from '../../rooms/timeline/by-time.ts';

/** History of other servers, by time. */
export interface Elsewhere {
  /** Fetches what is closer than `found`, if something is missing there. Resolves to whether there is more now. */
  fetch(room: Room, moment: Moment, found: StoredEvent | undefined): Promise<boolean>;
}

export interface DatesDeps {
  readonly engine: RoomEngine;
  readonly elsewhere: Elsewhere;
  readonly readers: Pick<Readers, 'ignoredBy'>;
}

/** Jumping to a date. */
export class Dates {
  readonly #deps: DatesDeps;

  constructor(deps: DatesDeps) {
    this.#deps = deps;
  }

  /** The event closest to a moment that the user may see, which then can be read with what is around it. */
  async closest(
    userId: UserId,
    roomId: RoomId,
    moment: Pick<Moment, 'at' | 'direction'>,
  ): Promise<{ event_id: EventId; origin_server_ts: number }> {
    const { engine, elsewhere, readers } = this.#deps;
    const { room, until, isJoined } = await engine.access.of(userId, roomId);
    const sight = await engine.visible.sight(userId, room);
    const ignored = await readers.ignoredBy(userId);
    const see = async (events: readonly StoredEvent[]) =>
      (await sight.see(events)).filter((event) => isWelcome(event, ignored));
    const look = () => engine.byTime.closest(room, { ...moment, until }, see);
    const here = await look();
    const found = isJoined && (await elsewhere.fetch(room, moment, here)) ? await look() : here;
    if (!found) throw new MatrixError('M_NOT_FOUND', 'there is no event from that time on in this direction');
    return { event_id: found.event.eventId, origin_server_ts: found.event.sentAt };
  }
}
