import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../core/events/event.ts';

/**
 * Puts events after those that they refer to by `references`, as far as these are among them.
 *
 * Ids are hashes from room version 3 on, so that a circle cannot be made; where servers choose the ids (versions 1
 * and 2) the events of a circle are left out.
 */
export const inOrder = (events: Iterable<Event>, references: (event: Event) => readonly EventId[]): Event[] => {
  const work = ordering(events, references);
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
};

/** As `inOrder`, to be run in turns: for events in any number. */
export function* ordering(
  events: Iterable<Event>,
  references: (event: Event) => readonly EventId[],
): Generator<void, Event[]> {
  const byId = new Map<EventId, Event>();
  for (const event of events) byId.set(event.eventId, event);
  yield;
  const waitsFor = new Map<EventId, number>();
  const waiting = new Map<EventId, Event[]>();
  for (const event of byId.values()) {
    const among = [...new Set(references(event))].filter((id) => byId.has(id));
    waitsFor.set(event.eventId, among.length);
    for (const id of among) {
      const behind = waiting.get(id);
      // All members of a room wait for its first few events.
      if (behind) behind.push(event);
      else waiting.set(id, [event]);
    }
    yield;
  }
  const ordered = [...byId.values()].filter(({ eventId }) => waitsFor.get(eventId) === 0);
  for (const event of ordered) {
    for (const next of waiting.get(event.eventId) ?? []) {
      const left = (waitsFor.get(next.eventId) ?? 0) - 1;
      waitsFor.set(next.eventId, left);
      if (left === 0) ordered.push(next);
    }
    yield;
  }
  return ordered;
}

export const byPrevEvents = ({ prevEvents }: Event): readonly EventId[] => prevEvents;
export const byAuthEvents = ({ authEvents }: Event): readonly EventId[] => authEvents;
