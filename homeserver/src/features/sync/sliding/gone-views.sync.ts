import type { RoomId, UserId } from '@holm/spec/ids';
import { membershipOf } from '../../../core/events/content.ts';
import type { Soon } from '../../../platform/soon.ts';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { ReadonlyMemberships } from '../../../rooms/members/memberships.ts';
import type { Member, RoomNid, StoredEvent } from '../../../rooms/model.ts';
import { ownEventOf } from '../standing.sync.ts';
import type { Connection } from './connection.ts';
import { leaveText } from './leave-text.ts';
import type { RoomAnswer } from './room-answer.ts';
import type { Roster } from './roster.ts';
import type { Known } from './room-views.sync.ts';
import { type Base, type Gone, NOTHING_GONE, type Positions, START } from './told-rooms.ts';

type GoneEngine = Pick<RoomEngine, 'departures' | 'rooms' | 'userRooms' | 'events' | 'clientEvents' | 'stays'>;

/** Whose rooms are looked at, and up to where. */
export interface GoneAsk {
  readonly user: UserId;
  readonly base: Base;
  readonly upTo: Positions;
  readonly roster: Roster;
  readonly members: ReadonlyMemberships;
}

interface Looked {
  readonly members: ReadonlyMemberships;
  readonly version: number;
}

/**
 * Rooms that a connection was told of, and with which its user has nothing to do any more: forgotten, or removed from this
 * server. Otherwise devices that had not heard yet that they had been left would show them for ever.
 */
export class GoneViews {
  readonly #engine: GoneEngine;
  /** The memberships among which each connection's rooms were, all of them. */
  readonly #looked = new WeakMap<Connection, Looked>();

  constructor(engine: GoneEngine) {
    this.#engine = engine;
  }

  /** At once where nobody has forgotten anything: nearly always. */
  of(ask: GoneAsk): Soon<Gone> {
    const after = ask.base.after?.[0];
    if (after === undefined) return NOTHING_GONE;
    const nids = this.#forgotten(ask);
    const isAnyRemoved = this.#engine.departures.hasAnySince(after);
    return nids.length === 0 && !isAnyRemoved ? NOTHING_GONE : this.#found(ask, nids);
  }

  /** Looked for only when the memberships have changed. */
  #forgotten({ base: { connection }, roster, members }: GoneAsk): RoomNid[] {
    const looked = this.#looked.get(connection);
    if (looked?.members === members && looked.version === members.version) return [];
    const nids: RoomNid[] = [];
    for (const [nid, { standing }] of connection.rooms) {
      if (standing !== 'left' && isGone(standing, members.get(nid)) && !roster.get(nid)) nids.push(nid);
    }
    if (nids.length === 0) this.#looked.set(connection, { members, version: members.version });
    return nids;
  }

  async #found(ask: GoneAsk, nids: readonly RoomNid[]): Promise<Gone> {
    const gone = [...(await this.#removed(ask)), ...(await this.#left(ask, nids))];
    return nids.length + gone.length === 0 ? NOTHING_GONE : { nids, rooms: new Map(gone) };
  }

  /** Their own last event, and nothing else: they did not want to hear more of it. */
  async #left(ask: GoneAsk, nids: readonly RoomNid[]): Promise<(readonly [RoomId, RoomAnswer])[]> {
    if (nids.length === 0) return [];
    const { rooms, userRooms } = this.#engine;
    const [found, members] = await Promise.all([rooms.byNids(nids), userRooms.lastIn(ask.user, nids)]);
    const told = [...found.values()].map(async ({ nid, roomId }) => {
      return [roomId, await this.#leftOne(ask, roomId, members.get(nid))] as const;
    });
    return Promise.all(told);
  }

  async #leftOne({ user, upTo }: GoneAsk, roomId: RoomId, member: Member | undefined): Promise<RoomAnswer> {
    const { clientEvents } = this.#engine;
    const own = member && (await this.#lastOf(member));
    if (!member || !own) return leaving(user, roomId, upTo[0] ?? START);
    const state = await clientEvents.shared([own]);
    return { membership: membershipOf(own.event) ?? 'leave', isInitial: false, bump: member.position, state };
  }

  /** How they left, for who has been asked back by somebody whom they ignore. */
  async #lastOf(member: Member): Promise<StoredEvent | undefined> {
    const { events, stays } = this.#engine;
    return member.membership === 'invite' ? (await stays.departureOf(member))?.event : ownEventOf(events, member);
  }

  /** Rooms of which this server has nothing any more, not even which connections were told of them. */
  async #removed({ user, base, upTo, roster }: GoneAsk): Promise<(readonly [RoomId, RoomAnswer])[]> {
    const { departures, rooms } = this.#engine;
    const after = base.after?.[0] ?? START;
    if (!departures.hasAnySince(after)) return [];
    const gone: (readonly [RoomId, RoomAnswer])[] = [];
    for (const [roomId, at] of await departures.of(user)) {
      const isNew = at > after && at <= (upTo[0] ?? START);
      // What is here is forgotten at most, and of who has come back that is told.
      if (!isNew || roster.find(roomId) || (await rooms.byId(roomId))) continue;
      gone.push([roomId, leaving(user, roomId, at)]);
    }
    return gone;
  }
}

/** Forgotten, or left and only asked back by somebody who is ignored: otherwise the room were listed. */
const isGone = (told: Known['standing'], member: Member | undefined): boolean =>
  member === undefined || (told === 'join' && member.membership === 'invite');

const leaving = (user: UserId, roomId: RoomId, position: number): RoomAnswer => ({
  membership: 'leave',
  isInitial: false,
  bump: position,
  state: [leaveText(user, roomId)],
});
