import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { isOut } from '../../core/events/membership.ts';
import type { Log } from '../../platform/log.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Membership } from './membership.service.ts';

export interface DepartureDeps {
  readonly engine: RoomEngine;
  readonly membership: Pick<Membership, 'leave'>;
  readonly log: Log;
}

/** Takes somebody out of all their rooms, because their account is closed. */
export class Departure {
  readonly #deps: DepartureDeps;

  constructor(deps: DepartureDeps) {
    this.#deps = deps;
  }

  /** Rejects invites and takes back knocks, too. A room that cannot be left does not keep the user in the others. */
  async leaveAll(user: UserId): Promise<void> {
    const { engine, membership, log } = this.#deps;
    for (const { roomNid, membership: standing } of [...(await engine.userRooms.of(user)).values()]) {
      const room = await engine.rooms.byNid(roomNid);
      if (!room || isOut(standing)) continue;
      try {
        await membership.leave(user, room.roomId);
      } catch (err) {
        if (!(err instanceof MatrixError)) throw err;
        log.warn('a closed account could not leave a room', { roomId: room.roomId, err });
      }
    }
  }
}
