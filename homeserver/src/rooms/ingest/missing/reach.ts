import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';

export interface Reach {
  readonly from: readonly EventId[];
  readonly by: (event: Event) => readonly EventId[];
}

/** Those of `events` that are named in `from`, or by one that is, and so on. */
export const reachable = (events: ReadonlyMap<EventId, Event>, { from, by }: Reach): Map<EventId, Event> => {
  const found = new Map<EventId, Event>();
  const open = [...from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const event = found.has(id) ? undefined : events.get(id);
    if (!event) continue;
    found.set(id, event);
    open.push(...by(event));
  }
  return found;
};
