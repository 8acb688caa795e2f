import type { RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { membershipOf } from '../../core/events/content.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { Outbox } from '../../federation/outbox/outbox.ts';
import type { RoomEngine } from '../engine.ts';
import type { Room } from '../room.ts';
import { otherServers } from './room-members.ts';

export interface EphemeralRoomsDeps {
  readonly engine: Pick<RoomEngine, 'serverName' | 'rooms' | 'access' | 'membersOf' | 'states' | 'holds'>;
  /** By the room's server ACL, which holds for typing and receipts as it does for events. */
  readonly isAllowed: (room: Room, server: ServerName) => Promise<boolean>;
  readonly outbox: Pick<Outbox, 'sendEdu'>;
}

/** What is said in a room and not kept as an event of it needs this much of rooms. */
export class EphemeralRooms {
  readonly #deps: EphemeralRoomsDeps;

  constructor(deps: EphemeralRoomsDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN for somebody who is not in the room. */
  async ofMember(user: UserId, roomId: RoomId): Promise<Room> {
    return (await this.#deps.engine.access.ofMember(user, roomId)).room;
  }

  /** The room, if somebody of ours is in it and the server may speak there. */
  async ofServer(server: ServerName, roomId: RoomId): Promise<Room | undefined> {
    const { engine, isAllowed } = this.#deps;
    if (engine.holds.isStopped(roomId)) return undefined;
    const room = await engine.rooms.byId(roomId);
    if (!room?.head || !(await isAllowed(room, server))) return undefined;
    return (await this.local(room)).size > 0 ? room : undefined;
  }

  /** Those of `users` who are in the room. */
  async joinedOf(room: Room, users: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    if (!room.head) return new Set();
    const keys = users.map((user) => ['m.room.member', user] as const);
    const view = await this.#deps.engine.states.view(room, room.head.snapshot, keys);
    const isJoined = (user: UserId): boolean => {
      const member = view.get(keyString('m.room.member', user));
      return member !== undefined && membershipOf(member.event) === 'join';
    };
    return new Set(users.filter(isJoined));
  }

  /** Users of this server in the room. */
  async local(room: Room): Promise<ReadonlySet<UserId>> {
    return (await this.#deps.engine.membersOf(room)).local;
  }

  /** Tells the other servers in the room, as far as they can be reached now; of what waits, the newest of a `key`. */
  async tell(room: Room, type: string, { key, content }: { key: string; content: JsonObject }): Promise<void> {
    const { engine, outbox } = this.#deps;
    const { servers } = await engine.membersOf(room);
    outbox.sendEdu(
      otherServers(servers, engine.serverName),
      { edu_type: type, content },
      JSON.stringify([type, room.nid, key]),
    );
  }
}
