import { MatrixError } from '@holm/spec/errors';
import {
  type EventId,
  type RoomAlias,
  type RoomId,
  RoomId as RoomIds,
  type ServerName,
  serverOf,
  type UserId,
} from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { RoomEngine } from '../../rooms/engine.ts';
import { admissionOf } from '../../rooms/members/restricted.ts';
import { memberContent, memberDraft } from './member-content.ts';
import type { MemberProfiles, RemoteMembership, RoomAliases } from './ports.ts';
import { actingRoom, knownServers, type KnownRoom } from './presence-here.ts';

export interface EnteringDeps {
  readonly engine: RoomEngine;
  readonly aliases: RoomAliases;
  readonly profiles: MemberProfiles;
  readonly remote: RemoteMembership;
}

export interface Door {
  readonly roomId: RoomId;
  /** Servers to ask, where ours is not in the room. */
  readonly via: readonly ServerName[];
}

/** Who comes in, or knocks: here, or by a server that is in the room. */
export class Entering {
  readonly #deps: EnteringDeps;

  constructor(deps: EnteringDeps) {
    this.#deps = deps;
  }

  /** Where a name leads. M_NOT_FOUND for an alias that nobody knows. */
  async find(room: RoomId | RoomAlias, via: readonly ServerName[]): Promise<Door> {
    if (RoomIds.is(room)) return { roomId: room, via };
    const { roomId, servers } = await this.#deps.aliases.resolve(room);
    return { roomId, via: [...via, ...servers] };
  }

  /** Joining where one is already changes nothing. M_FORBIDDEN for who may not, M_NOT_FOUND for a room out of reach. */
  async join(user: UserId, { roomId, via }: Door, reason?: string): Promise<void> {
    const { engine, profiles, remote } = this.#deps;
    engine.holds.assertEnterable(roomId);
    const room = await actingRoom(engine, roomId);
    if (room && (await engine.userRooms.of(user)).get(room.nid)?.membership === 'join') return;
    const content = memberContent('join', { profile: await profiles.memberProfile(user), reason });
    if (room && (await this.#joinByResident(user, room, content))) return;
    if (room && (await this.joinHere(user, room, content))) return;
    await remote.join(user, roomId, await this.#waysIn(user, roomId, via), content);
  }

  /**
   * While nobody here knows whether a user may come into a room, those who do are asked. Whether they have let the user in:
   * where they cannot be reached, somebody has to wait.
   */
  async #joinByResident(user: UserId, room: KnownRoom, content: JsonObject): Promise<boolean> {
    const { engine, remote } = this.#deps;
    const partial = engine.partial.get(room.nid);
    if (!partial || (await engine.states.get(room, room.head.snapshot, ['m.room.member', user]))) return false;
    try {
      await remote.join(user, room.roomId, partial.servers, content);
      return true;
    } catch (error) {
      if (!(error instanceof MatrixError) || error.status === 403) throw error;
      return false;
    }
  }

  async knock(user: UserId, { roomId, via }: Door, reason?: string): Promise<void> {
    const { engine, profiles, remote } = this.#deps;
    engine.holds.assertEnterable(roomId);
    const content = memberContent('knock', { profile: await profiles.memberProfile(user), reason });
    if (await actingRoom(engine, roomId)) await engine.sender.send(roomId, memberDraft(user, user, content));
    else await remote.knock(user, roomId, await this.#waysIn(user, roomId, via), content);
  }

  /** Joins a room that this server acts in. Undefined when only another server can vouch for the user. */
  async joinHere(user: UserId, room: KnownRoom, content: JsonObject): Promise<EventId | undefined> {
    const { engine } = this.#deps;
    // Members say that they join when they change their name here; a block is for who is not in yet.
    const standing = (await engine.userRooms.of(user)).get(room.nid)?.membership;
    if (standing !== 'join') engine.holds.assertEnterable(room.roomId);
    // Our own users are in no room that we know nothing of.
    const isJoined = async (userId: UserId, roomId: RoomId): Promise<boolean> => {
      const other = await engine.rooms.byId(roomId);
      return other !== undefined && (await engine.userRooms.of(userId)).get(other.nid)?.membership === 'join';
    };
    const admission = await admissionOf({ ...engine, isJoined }, room, user);
    if (admission.kind === 'refused' || admission.kind === 'unknown') {
      throw new MatrixError('M_FORBIDDEN', 'you are neither invited nor in a room whose members may join');
    }
    if (admission.kind === 'admitted' && admission.by === undefined) {
      const others = await knownServers(engine, room.roomId);
      if (others.length > 0) return undefined;
      throw new MatrixError('M_FORBIDDEN', 'nobody in the room may let you in');
    }
    const by = admission.kind === 'admitted' && admission.by;
    const authorised = by ? { ...content, join_authorised_via_users_server: by } : content;
    return (await engine.sender.send(room.roomId, memberDraft(user, user, authorised))).event.eventId;
  }

  /** The servers to ask, best first. */
  async #waysIn(user: UserId, roomId: RoomId, via: readonly ServerName[]): Promise<readonly ServerName[]> {
    const { engine } = this.#deps;
    const room = await engine.rooms.byId(roomId);
    const member = room && (await engine.userRooms.of(user)).get(room.nid);
    const told = await engine.userRooms.via(user, roomId);
    const inviter = member?.membership === 'invite' ? [serverOf(member.sender)] : [];
    const all = [...inviter, ...via, ...told, ...(await knownServers(engine, roomId))];
    const servers = [...new Set(all)].filter((server) => server !== engine.serverName);
    if (servers.length === 0) throw new MatrixError('M_NOT_FOUND', 'no server is known that is in this room');
    return servers;
  }
}
