import { type RoomId, type ServerName, type UserId, serverOf } from '@holm/spec/ids';
import type { CommitListener } from '../../rooms/commit.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { EphemeralRooms } from '../../rooms/members/ephemeral-rooms.ts';
import type { Background } from '../../platform/background.ts';
import type { Sessions, SessionsEnded } from '../accounts/index.ts';
import type { CallMember } from './tokens.ts';

interface WhoMayCallDeps {
  readonly engine: Pick<RoomEngine, 'serverName' | 'rooms' | 'holds' | 'membersOf'>;
  readonly rooms: Pick<EphemeralRooms, 'joinedOf' | 'ofServer'>;
  readonly sessions: Pick<Sessions, 'devices'>;
  readonly background: Background;
}

/** Those who are in calls, for whoever has to send them away. */
interface Callers {
  readonly members: () => Iterable<CallMember>;
  readonly close: (where: (member: CallMember) => boolean) => number;
}

/** Who may be in the call of a room: those who are in the room, by what this server knows of it, and are logged in. */
export class WhoMayCall {
  readonly #deps: WhoMayCallDeps;

  constructor(deps: WhoMayCallDeps) {
    this.#deps = deps;
  }

  async admits({ roomId, userId, deviceId }: CallMember): Promise<boolean> {
    const allowed = await this.#allowed(roomId, new Set([userId]));
    if (!allowed.has(userId)) return false;
    if (serverOf(userId) !== this.#deps.engine.serverName || deviceId === undefined) return true;
    const devices = await this.#deps.sessions.devices(userId);
    return devices.some((device) => device.deviceId === deviceId);
  }

  /** Whether people of another server may be in the call of a room: those of ours and of it are in the room. */
  async admitsServer(server: ServerName, roomId: RoomId): Promise<boolean> {
    const room = await this.#deps.rooms.ofServer(server, roomId);
    return room !== undefined && (await this.#deps.engine.membersOf(room)).servers.has(server);
  }

  async #allowed(roomId: RoomId, users: ReadonlySet<UserId>): Promise<ReadonlySet<UserId>> {
    const { engine, rooms } = this.#deps;
    const room = engine.holds.isStopped(roomId) ? undefined : await engine.rooms.byId(roomId);
    if (!room?.head) return new Set();
    const joined = await rooms.joinedOf(room, [...users]);
    const servers = new Set([...joined].map(serverOf));
    const banned = new Set<ServerName>();
    for (const server of servers) {
      // Of a room that nobody of ours is in any more, we do not know who is.
      if (server !== engine.serverName && !(await rooms.ofServer(server, roomId))) banned.add(server);
    }
    return new Set([...joined].filter((user) => !banned.has(serverOf(user))));
  }

  /** Sends those away who have left a room, and looks again at all in its call when its state has changed otherwise. */
  listener({ members: callers, close }: Callers): CommitListener {
    return ({ room: { roomId }, members, hasNewState }) => {
      const gone = new Set(members.filter(({ membership }) => membership !== 'join').map(({ userId }) => userId));
      if (gone.size > 0) close((member) => member.roomId === roomId && gone.has(member.userId));
      if (!hasNewState) return;
      const present = new Set([...callers()].filter((member) => member.roomId === roomId).map(({ userId }) => userId));
      if (present.size === 0) return;
      this.#deps.background.run('look again at who is in a call', async () => {
        const allowed = await this.#allowed(roomId, present);
        close((member) => member.roomId === roomId && present.has(member.userId) && !allowed.has(member.userId));
      });
    };
  }

  /** Sends those away whose devices are not logged in any more. */
  sessionsEnded({ close }: Pick<Callers, 'close'>): (ended: SessionsEnded) => void {
    return ({ userId, deviceIds }) =>
      void close(
        (member) => member.userId === userId && member.deviceId !== undefined && deviceIds.includes(member.deviceId),
      );
  }
}
