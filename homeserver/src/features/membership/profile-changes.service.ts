import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { MemberEvents, MemberProfile } from '../profiles/index.ts';
import { memberContent, memberDraft } from './member-content.ts';

/** Brings a user's member events up to date with their profile, one room after the other. */
export class ProfileChanges implements MemberEvents {
  readonly #engine: RoomEngine;

  constructor(engine: RoomEngine) {
    this.#engine = engine;
  }

  async profileChanged(userId: UserId, profile: MemberProfile): Promise<void> {
    const { rooms, userRooms } = this.#engine;
    // A copy: rooms that are joined meanwhile get the new profile anyway.
    for (const { roomNid } of [...(await userRooms.of(userId)).values()]) {
      const room = await rooms.byNid(roomNid);
      const isJoined = (await userRooms.of(userId)).get(roomNid)?.membership === 'join';
      if (!room?.head || !isJoined) continue;
      try {
        await this.#engine.sender.send(room.roomId, memberDraft(userId, userId, memberContent('join', { profile })));
      } catch (error) {
        // Somebody may have removed the user from this room a moment ago. The others are still to be told.
        if (!(error instanceof MatrixError && error.errcode === 'M_FORBIDDEN')) throw error;
      }
    }
  }
}
