import type { EventId } from '@holm/spec/ids';
import type { Room } from '../room.ts';
import type { RelationWrite } from '../write/room-write.ts';

/** Of one room. */
const KEPT = 200;

/**
 * Events about which nobody has said anything, whoever asks: nearly all. The newest of each room are in all first answers, and the
 * database need not be asked about them again.
 */
export class Silence {
  readonly #rooms = new WeakMap<Room, Set<EventId>>();

  /**
   * Of what is found out, what was asked for before something else was said counts for nothing: who asks the database takes this before, and
   * adds to it after.
   */
  of(room: Room): Set<EventId> {
    const known = this.#rooms.get(room);
    if (known && known.size < KEPT) return known;
    const fresh = new Set<EventId>();
    this.#rooms.set(room, fresh);
    return fresh;
  }

  /** What is durable now says something about these. */
  broken(room: Room, relations: readonly RelationWrite[]): void {
    const known = this.#rooms.get(room);
    if (!known || relations.length === 0) return;
    const targets = new Set<string>(relations.map(({ relation }) => relation.target));
    this.#rooms.set(room, new Set([...known].filter((id) => !targets.has(id))));
  }

  /** Anything may have been said. */
  forget(room: Room): void {
    this.#rooms.delete(room);
  }
}
