import type { RoomAlias, RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Event } from '../../core/events/event.ts';
import type { Room } from '../../rooms/room.ts';
import type { MemberProfile } from '../profiles/index.ts';

/** What a local user's member events are to say of them. */
export interface MemberProfiles {
  memberProfile(userId: UserId): Promise<MemberProfile>;
}

/** Who can be invited. */
export interface Invitees {
  /** M_INVITE_BLOCKED for a user of this server who wants no invites. */
  assertInvitable(user: UserId): Promise<void>;
}

export interface RoomAliases {
  /** M_NOT_FOUND for an alias that leads nowhere. */
  resolve(alias: RoomAlias): Promise<{ readonly roomId: RoomId; readonly servers: readonly ServerName[] }>;
}

/** Invites that are made to addresses: to be sent, and to be used by who can prove to have the address. */
export interface InvitesToAddresses {
  invite(roomId: RoomId, sender: UserId, invite: JsonObject): Promise<void>;
  redeem(user: UserId, roomId: RoomId, signed: JsonObject): Promise<void>;
}

/**
 * Memberships that other servers have to agree to: `make_join` and its kin. All reject with a `MatrixError` for what
 * they refuse, and for what nobody answered. When they resolve, the membership is stored.
 */
export interface RemoteMembership {
  join(user: UserId, roomId: RoomId, via: readonly ServerName[], content: JsonObject): Promise<void>;
  knock(user: UserId, roomId: RoomId, via: readonly ServerName[], content: JsonObject): Promise<void>;
  /** Rejects an invite, takes back a knock, or leaves a room that this server has lost sight of. */
  leave(user: UserId, roomId: RoomId, content: JsonObject): Promise<void>;
  /** Gives an invite that is not stored yet to the invited user's server; resolves to what that server has signed. */
  deliverInvite(event: Event, room: Room, server: ServerName): Promise<Event>;
}
