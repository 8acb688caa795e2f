import { MatrixError } from '@holm/spec/errors';
import { type EventId, type RoomId, serverOf, type UserId, UserId as UserIds } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Membership as Standing } from '../../core/events/membership.ts';
import { forgetRoom } from '../../rooms/members/forgetting.ts';
import type { Draft } from '../../rooms/send/draft.ts';
import type { SnapshotId, StoredEvent } from '../../rooms/model.ts';
import { assertKnown } from '../../rooms/partial/assert-member-known.ts';
import type { Room } from '../../rooms/room.ts';
import type { Entering, EnteringDeps } from './entering.service.ts';
import { type Extras, isMembership, memberContent, memberDraft, withoutAuthority } from './member-content.ts';
import type { Invitees } from './ports.ts';
import { actingRoom } from './presence-here.ts';

export interface MembershipDeps extends EnteringDeps {
  readonly entering: Entering;
  readonly invitees: Invitees;
  /** Leaving is forgetting. For rooms that this server is in, `forgetOnLeave` of the engine sees to it. */
  readonly forgetOnLeave?: boolean;
}

/** What members do to each other and to themselves, once there is a room. */
export interface Act {
  readonly roomId: RoomId;
  readonly sender: UserId;
  readonly target: UserId;
  readonly reason?: string | undefined;
}

const PRESENT: readonly (Standing | undefined)[] = ['join', 'invite', 'knock'];

export class Membership {
  readonly #deps: MembershipDeps;

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
  }

  async joinedRooms(user: UserId): Promise<RoomId[]> {
    const { rooms, userRooms } = this.#deps.engine;
    const joined = [...(await userRooms.of(user)).values()].filter(({ membership }) => membership === 'join');
    const known = await rooms.byNids(joined.map(({ roomNid }) => roomNid));
    return [...known.values()].map(({ roomId }) => roomId);
  }

  /** Leaves, rejects an invite or takes back a knock. Leaving twice is fine. */
  async leave(user: UserId, roomId: RoomId, reason?: string): Promise<void> {
    const { engine, remote } = this.#deps;
    const room = await engine.rooms.byId(roomId);
    const member = room && (await engine.userRooms.of(user)).get(room.nid);
    if (!room || !member) {
      if (await this.#isGone(user, roomId)) return;
      throw new MatrixError('M_NOT_FOUND', 'you are not in this room');
    }
    if (member.membership === 'leave') return;
    const content = memberContent('leave', { reason });
    if (await actingRoom(engine, roomId)) await engine.sender.send(roomId, memberDraft(user, user, content));
    else if (member.membership === 'ban') throw new MatrixError('M_FORBIDDEN', 'you are banned from this room');
    else {
      await remote.leave(user, roomId, content);
      if (this.#deps.forgetOnLeave === true) await forgetRoom(engine, user, room);
    }
  }

  /** Only rooms that one is not in can be forgotten. */
  async forget(user: UserId, roomId: RoomId): Promise<void> {
    const { rooms, userRooms } = this.#deps.engine;
    const room = await rooms.byId(roomId);
    if (!room || !(await userRooms.knows(user, room.nid))) {
      if (await this.#isGone(user, roomId)) return;
      throw new MatrixError('M_NOT_FOUND', 'you know of no such room');
    }
    const membership = (await userRooms.of(user)).get(room.nid)?.membership;
    if (PRESENT.includes(membership)) {
      throw new MatrixError('M_UNKNOWN', 'leave the room before you forget it', { status: 400 });
    }
    await forgetRoom(this.#deps.engine, user, room);
  }

  /** Nothing is left of the room here, which the user's client may not have noticed: there is nothing more to leave or forget. */
  async #isGone(user: UserId, roomId: RoomId): Promise<boolean> {
    return (await this.#deps.engine.departures.of(user)).has(roomId);
  }

  /** An invite to a user of another server is stored once that server has taken it. */
  async invite({ roomId, sender, target, reason }: Act, extras: Pick<Extras, 'isDirect'> = {}): Promise<void> {
    const { engine, profiles } = this.#deps;
    const isOurs = serverOf(target) === engine.serverName;
    const profile = isOurs ? await profiles.memberProfile(target) : undefined;
    await this.#send(roomId, memberDraft(sender, target, memberContent('invite', { profile, reason, ...extras })));
  }

  async kick(act: Act): Promise<void> {
    const standing = await this.#standingFor(act);
    if (!PRESENT.includes(standing)) throw new MatrixError('M_FORBIDDEN', 'that user is not in the room');
    await this.#act(act, 'leave');
  }

  async ban(act: Act): Promise<void> {
    await this.#act(act, 'ban');
  }

  async unban(act: Act): Promise<void> {
    const standing = await this.#standingFor(act);
    if (standing !== 'ban') throw new MatrixError('M_BAD_STATE', 'that user is not banned', { status: 403 });
    await this.#act(act, 'leave');
  }

  /** A membership that a client wrote as plain state. Resolves to the event that says so. */
  async put(sender: UserId, roomId: RoomId, target: string, content: JsonObject): Promise<EventId> {
    const { membership } = content;
    if (!isMembership(membership)) throw new MatrixError('M_BAD_JSON', 'content.membership is no membership');
    if (!UserIds.is(target)) throw new MatrixError('M_BAD_JSON', 'the state key is not a user id');
    const room = await actingRoom(this.#deps.engine, roomId);
    if (!room) throw forbidden();
    if (membership === 'join' && target === sender) return this.#putJoin(sender, roomId, content);
    return (await this.#send(roomId, memberDraft(sender, target, withoutAuthority(content)))).event.eventId;
  }

  /** Clients change their name in one room this way, and may write no more than the membership. */
  async #putJoin(user: UserId, roomId: RoomId, content: JsonObject): Promise<EventId> {
    const { engine, entering, profiles } = this.#deps;
    const profile = await profiles.memberProfile(user);
    const full = { ...memberContent('join', { profile }), ...withoutAuthority(content) };
    const room = await actingRoom(engine, roomId);
    const sent = room && (await entering.joinHere(user, room, full));
    if (!sent) throw new MatrixError('M_FORBIDDEN', 'only another server can let you in: join the room instead');
    return sent;
  }

  #send(roomId: RoomId, draft: Draft): Promise<StoredEvent> {
    const { engine, remote } = this.#deps;
    const target = draft.stateKey;
    if (draft.content['membership'] !== 'invite' || !UserIds.is(target)) return this.#sendHere(roomId, draft);
    const server = serverOf(target);
    if (server === engine.serverName) return this.#inviteHere(roomId, draft, target);
    return this.#known(roomId).then(() =>
      engine.sender.sendCosigned(roomId, draft, (event, room) => remote.deliverInvite(event, room, server)),
    );
  }

  async #inviteHere(roomId: RoomId, draft: Draft, target: UserId): Promise<StoredEvent> {
    await this.#known(roomId);
    await this.#deps.invitees.assertInvitable(target);
    return this.#deps.engine.sender.send(roomId, draft);
  }

  async #sendHere(roomId: RoomId, draft: Draft): Promise<StoredEvent> {
    await this.#known(roomId);
    return this.#deps.engine.sender.send(roomId, draft);
  }

  async #act({ roomId, sender, target, reason }: Act, membership: Standing): Promise<void> {
    await this.#sendHere(roomId, memberDraft(sender, target, memberContent(membership, { reason })));
  }

  /** M_FORBIDDEN rather than M_NOT_FOUND: who is not in a room does not learn whether there is one. */
  async #known(roomId: RoomId): Promise<void> {
    if (!(await this.#deps.engine.rooms.byId(roomId))?.head) throw forbidden();
  }

  /** What the target is in the room, for somebody who is in it. Waits for a room of which most members are unknown. */
  async #standingFor(act: Act): Promise<Standing | undefined> {
    const { access, partial } = this.#deps.engine;
    const { room, snapshot } = await access.ofMember(act.sender, act.roomId);
    const known = await this.#memberAt(room, snapshot, act.target);
    if (known || !partial.get(room.nid)) return known;
    await assertKnown(partial, room);
    const now = await access.ofMember(act.sender, act.roomId);
    return this.#memberAt(now.room, now.snapshot, act.target);
  }

  async #memberAt(room: Room, snapshot: SnapshotId, target: UserId): Promise<Standing | undefined> {
    const member = await this.#deps.engine.states.get(room, snapshot, ['m.room.member', target]);
    const membership = member?.event.content['membership'];
    return isMembership(membership) ? membership : undefined;
  }
}

const forbidden = () => new MatrixError('M_FORBIDDEN', 'you are not in this room');
