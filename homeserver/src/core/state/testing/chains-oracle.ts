/** Auth chains by their definition, one event at a time. https://spec.matrix.org/latest/rooms/v12/#definitions */
import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../events/event.ts';

export class Chains {
  readonly #events: ReadonlyMap<EventId, Event>;
  readonly #known = new Map<EventId, ReadonlySet<EventId>>();

  constructor(events: ReadonlyMap<EventId, Event>) {
    this.#events = events;
  }

  /** An event's auth events, theirs, and so on; not the event itself. */
  of(id: EventId): ReadonlySet<EventId> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const chain = new Set<EventId>();
    for (const authEvent of this.#events.get(id)?.authEvents ?? []) {
      chain.add(authEvent);
      for (const further of this.of(authEvent)) chain.add(further);
    }
    this.#known.set(id, chain);
    return chain;
  }

  /** The chains of some events together. */
  ofAll(ids: Iterable<EventId>): Set<EventId> {
    const all = new Set<EventId>();
    for (const id of ids) for (const one of this.of(id)) all.add(one);
    return all;
  }

  /** The union of the full auth chains of some states without what is in each of them. */
  difference(states: readonly ReadonlyMap<unknown, EventId>[], { inclusive }: { inclusive: boolean }): Set<EventId> {
    const full = states.map((state) => {
      const chain = this.ofAll(state.values());
      if (inclusive) for (const id of state.values()) chain.add(id);
      return chain;
    });
    const difference = new Set<EventId>();
    for (const chain of full) {
      for (const id of chain) if (!full.every((other) => other.has(id))) difference.add(id);
    }
    return difference;
  }

  /** All events on paths from one conflicted event to another, with both ends of each path. */
  subgraph(conflicted: ReadonlySet<EventId>): Set<EventId> {
    const onPaths = new Set<EventId>();
    const pairs = [...conflicted].flatMap((from) => [...conflicted].map((to) => [from, to] as const));
    for (const [from, to] of pairs) {
      if (!this.of(from).has(to)) continue;
      onPaths.add(from).add(to);
      for (const between of this.of(from)) if (this.of(between).has(to)) onPaths.add(between);
    }
    return onPaths;
  }
}
