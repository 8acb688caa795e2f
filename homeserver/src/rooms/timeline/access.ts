import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import { historyVisibilityOf } from '../../core/events/content.ts';
import type { Stays } from '../members/stays.ts';
import type { UserRooms } from '../members/user-rooms.ts';
import type { Head, Member, SnapshotId } from '../model.ts';
import type { Room } from '../room.ts';
import type { Rooms } from '../rooms.ts';
import type { StateLogs } from '../state/state-log.ts';
import type { States } from '../state/states.ts';
import type { Holds } from '../upkeep/holds.ts';

export interface Access {
  readonly room: Room & { readonly head: Head };
  readonly isJoined: boolean;
  /** The state that the user may see: the current one, or that at the end of their stay. */
  readonly snapshot: SnapshotId;
  /** The last event that the user may see by having been in the room; absent for whoever may see the newest. */
  readonly until: number | undefined;
}

export interface AccessDeps {
  readonly rooms: Rooms;
  readonly holds: Pick<Holds, 'assertReadable'>;
  readonly userRooms: UserRooms;
  readonly states: States;
  readonly stateLogs: StateLogs;
  readonly stays: Stays;
}

/** Who may look into a room: its members, those who were, and for rooms that are open to the world everybody. */
export class RoomAccess {
  readonly #deps: AccessDeps;

  constructor(deps: AccessDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN for somebody who may see nothing of the room, and for rooms that do not exist. */
  async of(user: UserId, roomId: RoomId): Promise<Access> {
    const { rooms, userRooms, holds } = this.#deps;
    holds.assertReadable(roomId);
    const room = await rooms.byId(roomId);
    if (!room?.head) throw forbidden();
    const known = room as Access['room'];
    const member = (await userRooms.of(user)).get(room.nid);
    if (member?.membership === 'join') {
      return { room: known, isJoined: true, snapshot: room.head.snapshot, until: undefined };
    }
    const former = member && (await this.#ofFormer(known, member));
    const anybody = await this.#ofAnybody(known);
    // Their state is that of their leaving; but what the whole world may read, they may, too.
    const access = former && anybody ? { ...former, until: undefined } : (former ?? anybody);
    if (!access) throw forbidden();
    return access;
  }

  /** Who has been in the room may look at it as it was when they left. */
  async #ofFormer(room: Access['room'], member: Member): Promise<Access | undefined> {
    const { stateLogs, stays } = this.#deps;
    const { ord, position } = (await stays.departureOf(member))?.event ?? {};
    if (ord === undefined || position === undefined) return undefined;
    return { room, isJoined: false, snapshot: await stateLogs.at(room, position), until: ord };
  }

  async #ofAnybody(room: Access['room']): Promise<Access | undefined> {
    const { snapshot } = room.head;
    const visibility = await this.#deps.states.get(room, snapshot, ['m.room.history_visibility', '']);
    if (historyVisibilityOf(visibility?.event.content) !== 'world_readable') return undefined;
    return { room, isJoined: false, snapshot, until: undefined };
  }

  /** As `of`, for members only. */
  async ofMember(user: UserId, roomId: RoomId): Promise<Access> {
    const access = await this.of(user, roomId);
    if (!access.isJoined) throw forbidden();
    return access;
  }
}

const forbidden = () => new MatrixError('M_FORBIDDEN', 'you are not in this room');
