import type { UserId } from '@holm/spec/ids';
import type { Stays } from '../members/stays.ts';
import type { UserRooms } from '../members/user-rooms.ts';
import type { Member, StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import type { States } from '../state/states.ts';
import type { Retention } from '../upkeep/retention.ts';
import { Sight } from './sight.ts';

export interface VisibleDeps {
  readonly states: States;
  readonly stays: Stays;
  readonly userRooms: UserRooms;
  readonly retention: Pick<Retention, 'horizon'>;
}

/** Which events somebody may see: https://spec.matrix.org/latest/client-server-api/#room-history-visibility */
export class Visible {
  readonly #states: States;
  readonly #stays: Stays;
  readonly #userRooms: UserRooms;
  readonly #retention: Pick<Retention, 'horizon'>;

  constructor({ states, stays, userRooms, retention }: VisibleDeps) {
    this.#states = states;
    this.#stays = stays;
    this.#userRooms = userRooms;
    this.#retention = retention;
  }

  /** What a user may see of a room, as of now. */
  async sight(user: UserId, room: Room): Promise<Sight> {
    const member = (await this.#userRooms.of(user)).get(room.nid);
    const [joinedUntil, horizon] = [await this.#joinedUntil(member), await this.#retention.horizon(room)];
    return new Sight({ user, room, joinedUntil, horizon }, this.#states);
  }

  async toUser(user: UserId, room: Room, events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    return (await this.sight(user, room)).see(events);
  }

  async #joinedUntil(member: Member | undefined): Promise<number | undefined> {
    if (member === undefined) return undefined;
    if (member.membership === 'join') return Infinity;
    return (await this.#stays.departureOf(member))?.event.ord;
  }
}
