import { type EventId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { membershipOf } from '../../core/events/content.ts';
import { isOut } from '../../core/events/membership.ts';
import type { Event } from '../../core/events/event.ts';
import { ALLOW, refuse, type Verdict } from '../../core/verdict.ts';
import type { Events } from '../events.ts';
import type { OutsideMemberships } from '../members/outside.ts';
import type { UserRooms } from '../members/user-rooms.ts';
import type { Member } from '../model.ts';
import type { Room } from '../room.ts';
import type { Admission } from './admission.ts';

export interface WithdrawalsDeps {
  readonly serverName: ServerName;
  readonly admission: Admission;
  readonly events: Events;
  readonly userRooms: UserRooms;
  readonly outside: OutsideMemberships;
}

/**
 * Invites of our users to rooms that this server is not in, taken back, and their knocks, answered with a no. The only
 * events of such rooms that are of any use to us; the specification is silent on them, but servers do send them.
 */
export class Withdrawals {
  readonly #deps: WithdrawalsDeps;

  constructor(deps: WithdrawalsDeps) {
    this.#deps = deps;
  }

  async receive(room: Room, raw: readonly unknown[]): Promise<Map<EventId, Verdict>> {
    const { events, refused } = await this.#deps.admission.admit(room, raw);
    const verdicts = new Map([...refused].map(([id, why]): [EventId, Verdict] => [id, refuse(why)]));
    for (const event of events) verdicts.set(event.eventId, await this.#take(room, event));
    return verdicts;
  }

  async #take(room: Room, event: Event): Promise<Verdict> {
    const user = event.stateKey;
    if (!UserId.is(user) || !(await this.#endsMembership(room, user, event))) {
      return refuse('this server is not in that room');
    }
    await this.#deps.outside.put(user, event);
    return ALLOW;
  }

  /**
   * Without the room's state, nobody can be believed to have the power to take back an invite, but whoever sent it. A
   * knock is answered by others. Who names it has been told of it, and so is in the room: that has to do, and
   * all that they can do is to have the user knock again.
   */
  async #endsMembership(room: Room, user: UserId, event: Event): Promise<boolean> {
    const { serverName, userRooms, events } = this.#deps;
    const membership = membershipOf(event);
    if (!isOut(membership) || serverOf(user) !== serverName) return false;
    const member = (await userRooms.of(user)).get(room.nid);
    if (!member || !(member.membership === 'knock' || isOwnInvite(member, event))) return false;
    const own = await events.byNid(member.eventNid);
    return own !== undefined && event.authEvents.includes(own.event.eventId);
  }
}

const isOwnInvite = ({ membership, sender }: Member, event: Event): boolean =>
  membership === 'invite' && sender === event.sender;
