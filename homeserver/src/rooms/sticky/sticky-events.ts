import { remainingName } from '../../core/events/sticky.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import type { EventNid, RoomNid, StoredEvent } from '../model.ts';
import { stickyStore } from './sticky.store.ts';
import type { Stuck } from './stuck.ts';

/**
 * Of one room, at most, of those that can be seen, and of those that cannot: nobody whose events are refused pushes out
 * anybody else's. When there are more, the oldest are as any other event.
 */
const MAX_PER_ROOM = 1_000;

/**
 * Which events stick (MSC4354). All of them are in memory: they are few, and gone after an hour. Most rooms have none.
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4354
 */
export class StickyEvents {
  readonly #clock: Clock;
  readonly #rooms = new Map<RoomNid, Map<EventNid, Stuck>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes up those that stuck before the start. */
  async load(db: Database): Promise<void> {
    for (const [room, stuck] of await stickyStore.all(db, this.#clock.now())) this.add(room, [stuck]);
  }

  add(room: RoomNid, stuck: readonly Stuck[]): void {
    if (stuck.length === 0) return;
    const known = this.#rooms.get(room) ?? new Map<EventNid, Stuck>();
    this.#rooms.set(room, known);
    for (const one of stuck) known.set(one.nid, one);
    if (known.size <= MAX_PER_ROOM) return;
    const [visible, hidden] = [[...known.values()].filter(isVisible), [...known.values()].filter(isHidden)];
    for (const kind of [visible, hidden]) {
      for (const { nid } of kind.slice(0, Math.max(0, kind.length - MAX_PER_ROOM))) known.delete(nid);
    }
  }

  /** In which something may stick. */
  get rooms(): Iterable<RoomNid> {
    return this.#rooms.keys();
  }

  /** They are not shown any more. */
  hide(room: RoomNid, nids: readonly EventNid[]): void {
    const known = this.#rooms.get(room);
    for (const nid of nids) {
      const stuck = known?.get(nid);
      if (stuck) known?.set(nid, { ...stuck, position: undefined });
    }
  }

  /** All that can be seen, in the order in which it became visible. */
  visible(room: RoomNid): readonly Stuck[] {
    return this.between(room, undefined, Infinity as Position);
  }

  /** What became visible after one position, or ever, and up to another, in the order in which it did. */
  between(room: RoomNid, after: Position | undefined, upTo: Position): readonly Stuck[] {
    return this.#of(room)
      .filter(({ position }) => position !== undefined && position > (after ?? -1) && position <= upTo)
      .sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  }

  /** What is soft-failed. */
  hidden(room: RoomNid): readonly Stuck[] {
    return this.#of(room).filter(isHidden);
  }

  /** Members of `unsigned`, as JSON text: how long the event goes on sticking. Nothing for others. */
  remaining({ nid, roomNid, event, redactedBy }: StoredEvent): string {
    const expiresAt = this.#rooms.size === 0 ? undefined : this.#rooms.get(roomNid)?.get(nid)?.expiresAt;
    if (expiresAt === undefined || redactedBy !== undefined) return '';
    const left = expiresAt - this.#clock.now();
    const name = remainingName(event.pdu);
    return left > 0 && name !== undefined ? `,"${name}":${left}` : '';
  }

  get size(): number {
    return [...this.#rooms.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Forgets what does not stick any more. */
  expire(): void {
    const now = this.#clock.now();
    for (const [room, stuck] of this.#rooms) {
      for (const { nid, expiresAt } of stuck.values()) if (expiresAt <= now) stuck.delete(nid);
      if (stuck.size === 0) this.#rooms.delete(room);
    }
  }

  #of(room: RoomNid): Stuck[] {
    const known = this.#rooms.get(room);
    if (!known) return [];
    const now = this.#clock.now();
    return [...known.values()].filter(({ expiresAt }) => expiresAt > now);
  }
}

const isVisible = ({ position }: Stuck): boolean => position !== undefined;
const isHidden = (stuck: Stuck): boolean => !isVisible(stuck);
