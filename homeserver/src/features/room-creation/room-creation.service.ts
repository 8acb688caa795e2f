import { MatrixError } from '@holm/spec/errors';
import { type RoomAlias, RoomAlias as RoomAliasIds, type RoomId, serverOf, type UserId } from '@holm/spec/ids';
import { type RoomVersion, roomVersion } from '../../core/rooms/room-version.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Draft } from '../../rooms/send/draft.ts';
import {
  type Invitees,
  type InvitesToAddresses,
  memberContent,
  memberDraft,
  type MemberProfiles,
  type Membership,
} from '../membership/index.ts';
import { checkAddressInvite } from '../third-party-invites/index.ts';
import { createContent, firstEvents, type Wish } from './first-events.ts';

/** The names of rooms on this server. */
export interface NewAliases {
  isTaken(alias: RoomAlias): Promise<boolean>;
  /** Rejects with a `MatrixError` of status 409 for a name that is taken. */
  link(row: { readonly alias: RoomAlias; readonly roomId: RoomId; readonly creator: UserId }): Promise<void>;
  /** Nothing came of a room. */
  unlink(roomId: RoomId): Promise<void>;
}

export interface RoomCreationDeps {
  readonly engine: RoomEngine;
  readonly aliases: NewAliases;
  readonly profiles: MemberProfiles;
  readonly membership: Pick<Membership, 'invite'>;
  readonly invitees: Invitees;
  readonly addresses: Pick<InvitesToAddresses, 'invite'>;
  /** The directory of rooms for others to find. */
  readonly directory: {
    assertMayPublish(user: UserId): Promise<void>;
    publish(user: UserId, roomId: RoomId): Promise<void>;
    withdraw(roomId: RoomId): Promise<void>;
  };
  /** For clients that do not say. */
  readonly defaultVersion: string;
}

/** Makes rooms. */
export class RoomCreation {
  readonly #deps: RoomCreationDeps;

  constructor(deps: RoomCreationDeps) {
    this.#deps = deps;
  }

  /** All of the room, or nothing; but for invites to other servers, which follow when the room is there. */
  async create(creator: UserId, wish: Wish): Promise<RoomId> {
    const { engine, directory } = this.#deps;
    for (const address of wish.invite_3pid ?? []) checkAddressInvite(address);
    const isPublished = wish.visibility === 'public';
    if (isPublished) await directory.assertMayPublish(creator);
    const version = this.#versionOf(wish);
    const alias = await this.#aliasOf(wish);
    const drafts = firstEvents(wish, {
      version,
      creator,
      alias,
      join: memberDraft(creator, creator, await this.#profileContent('join', creator)),
      invites: await this.#invitesHere(creator, wish),
    });
    let announced: RoomId | undefined;
    const room = await engine.creator
      .create({
        version,
        creator,
        create: createContent(version, creator, wish),
        drafts: () => drafts,
        before: async (roomId) => {
          announced = roomId;
          await this.#link(alias, roomId, creator);
          if (isPublished) await directory.publish(creator, roomId);
        },
      })
      .catch(async (error: unknown) => {
        if (announced !== undefined) await this.#takeBack(announced);
        throw asRoomState(error);
      });
    await this.#inviteOthers(creator, room.roomId, wish);
    return room.roomId;
  }

  #versionOf({ room_version: wanted }: Wish): RoomVersion {
    const version = roomVersion(wanted ?? this.#deps.defaultVersion);
    if (version) return version;
    throw new MatrixError('M_UNSUPPORTED_ROOM_VERSION', 'this server does not know this room version');
  }

  async #aliasOf({ room_alias_name: name }: Wish): Promise<RoomAlias | undefined> {
    if (name === undefined) return undefined;
    const alias = `#${name}:${this.#deps.engine.serverName}`;
    if (/[:\s]/.test(name) || !RoomAliasIds.is(alias)) {
      throw new MatrixError('M_INVALID_PARAM', 'room_alias_name cannot be part of an alias');
    }
    if (await this.#deps.aliases.isTaken(alias)) throw inUse(alias);
    return alias;
  }

  async #link(alias: RoomAlias | undefined, roomId: RoomId, creator: UserId): Promise<void> {
    if (alias === undefined) return;
    try {
      await this.#deps.aliases.link({ alias, roomId, creator });
    } catch (error) {
      throw error instanceof MatrixError && error.status === 409 ? inUse(alias) : error;
    }
  }

  /** There is no such room. What is left of it when we stop right now is removed by `Aliases.trim`. */
  async #takeBack(roomId: RoomId): Promise<void> {
    const { aliases, directory } = this.#deps;
    await Promise.allSettled([aliases.unlink(roomId), directory.withdraw(roomId)]);
  }

  async #profileContent(membership: 'join' | 'invite', user: UserId, isDirect?: boolean) {
    return memberContent(membership, { profile: await this.#deps.profiles.memberProfile(user), isDirect });
  }

  #invitesHere(creator: UserId, { invite = [], is_direct: isDirect }: Wish): Promise<Draft[]> {
    const ours = [...new Set(invite)].filter((user) => serverOf(user) === this.#deps.engine.serverName);
    return Promise.all(
      ours.map(async (user) => {
        await this.#deps.invitees.assertInvitable(user);
        return memberDraft(creator, user, await this.#profileContent('invite', user, isDirect));
      }),
    );
  }

  /** Everybody is asked, even when somebody's server refuses; the first refusal is then the client's to know. */
  async #inviteOthers(sender: UserId, roomId: RoomId, wish: Wish): Promise<void> {
    const { engine, membership, addresses } = this.#deps;
    const { invite = [], invite_3pid: byAddress = [], is_direct: isDirect } = wish;
    const others = [...new Set(invite)].filter((user) => serverOf(user) !== engine.serverName);
    const outcomes: PromiseSettledResult<void>[] = [];
    // One after the other: each is a step of the room, which the next one is built on.
    for (const target of others) {
      outcomes.push(...(await Promise.allSettled([membership.invite({ roomId, sender, target }, { isDirect })])));
    }
    for (const address of byAddress) {
      outcomes.push(...(await Promise.allSettled([addresses.invite(roomId, sender, address)])));
    }
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

const inUse = (alias: RoomAlias) => new MatrixError('M_ROOM_IN_USE', `${alias} is the name of another room`);

/** What the rules refuse in a room that is only being made is a mistake in the wish. */
const asRoomState = (error: unknown): unknown =>
  error instanceof MatrixError && error.errcode === 'M_FORBIDDEN'
    ? new MatrixError('M_INVALID_ROOM_STATE', `the room cannot be made like this: ${error.message}`, { cause: error })
    : error;
