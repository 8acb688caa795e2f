import type { EventId } from '@holm/spec/ids';
import { type Event, isState } from '../../core/events/event.ts';
import type { Numbers } from '../../storage/numbers.ts';
import type { Events } from '../events.ts';
import type { EventNid, StoredEvent } from '../model.ts';
import type { Change } from '../write/change.ts';
import { type AuthCheck, checkByAuthEvents } from './checks/4-auth-events.ts';
import { isUnconnected } from './missing/unknown.ts';
import { byAuthEvents, inOrder } from './order.ts';

/** Events that the room's state refers to, but whose own place in the room is not known. */
export class Outliers {
  readonly #events: Events;
  readonly #nids: Numbers;

  constructor(events: Events, nids: Numbers) {
    this.#events = events;
    this.#nids = nids;
  }

  /**
   * Places events as outliers, those that are stored already left out, but for state that has no number in the graph
   * of authority: an invite that was kept before we had anything that it rests on. Ones whose auth events are neither
   * stored nor among them are left out, too: nothing can be said about them.
   */
  async place(change: Change, events: Iterable<Event>): Promise<Map<EventId, StoredEvent>> {
    const ordered = inOrder(events, byAuthEvents);
    const needed = new Set(ordered.flatMap((event) => [event.eventId, ...event.authEvents]));
    const known = await this.#events.byIds([...needed].filter((id) => !change.byId(id)));
    for (const id of needed) {
      const pending = change.byId(id);
      if (pending) known.set(id, pending);
    }
    const keys = ordered.filter(isState).map(({ type, stateKey }) => [type, stateKey] as const);
    await change.room.keys.load(keys, change.head.nextKey);
    return this.#nids.whenAtHand(ordered.length, () => this.#placeAll(change, ordered, known));
  }

  #placeAll(change: Change, ordered: readonly Event[], known: Map<EventId, StoredEvent>): Map<EventId, StoredEvent> {
    const isForeign = (id: EventId): boolean => (known.get(id)?.roomNid ?? change.room.nid) !== change.room.nid;
    const placed = new Map<EventId, StoredEvent>();
    for (const event of ordered) {
      // Nothing rests on events of another room; and where servers choose the ids, such a one may have this event's.
      if ([event.eventId, ...event.authEvents].some(isForeign)) continue;
      const stored = known.get(event.eventId);
      if (stored && !isUnconnected(stored)) {
        placed.set(event.eventId, stored);
        continue;
      }
      const check = checkByAuthEvents(event, (id) => known.get(id));
      if (!check) continue;
      const outlier = this.#add(change, event, { nid: stored?.nid ?? this.#nids.take(), check });
      known.set(event.eventId, outlier);
      placed.set(event.eventId, outlier);
    }
    return placed;
  }

  #add(
    change: Change,
    event: Event,
    { nid, check }: { readonly nid: EventNid; readonly check: AuthCheck },
  ): StoredEvent {
    return change.place(event, {
      nid,
      status: check.verdict.allowed ? 'accepted' : 'rejected',
      snapshot: undefined,
      position: undefined,
      replaces: undefined,
      authNumbers: check.authNumbers,
    });
  }
}
