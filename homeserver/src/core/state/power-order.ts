import type { EventId } from '@holm/spec/ids';
import type { StateEvent } from '../events/event.ts';

export interface PowerOrderOptions {
  /** The power level of an event's sender according to its auth events. */
  readonly powerOf: (event: StateEvent) => number;
}

/**
 * The *reverse topological power ordering*: an event comes after those of its auth events that are in the set; among
 * those that may come next, the sender's power decides (most first), then time, then event id.
 * https://spec.matrix.org/latest/rooms/v2/#definitions
 */
export const inPowerOrder = (
  events: ReadonlyMap<EventId, StateEvent>,
  { powerOf }: PowerOrderOptions,
): StateEvent[] => {
  const power = new Map([...events.values()].map((event) => [event.eventId, powerOf(event)]));
  const compare = (x: StateEvent, y: StateEvent): number =>
    descending(power.get(x.eventId) ?? 0, power.get(y.eventId) ?? 0) || byTime(x, y);

  const { waitingFor, followers } = edgesAmong(events);
  const ready = new ReadyList(compare);
  for (const event of events.values()) if (waitingFor.get(event.eventId) === 0) ready.add(event);
  const ordered: StateEvent[] = [];
  for (let next = ready.takeFirst(); next !== undefined; next = ready.takeFirst()) {
    ordered.push(next);
    for (const follower of followers.get(next.eventId) ?? []) {
      const left = (waitingFor.get(follower.eventId) ?? 0) - 1;
      waitingFor.set(follower.eventId, left);
      if (left === 0) ready.add(follower);
    }
  }
  return ordered;
};

/** How many auth events each event has in the set, and whose auth event it is there. */
const edgesAmong = (events: ReadonlyMap<EventId, StateEvent>) => {
  const waitingFor = new Map<EventId, number>();
  const followers = new Map<EventId, StateEvent[]>([...events.keys()].map((id) => [id, []]));
  for (const event of events.values()) {
    const before = [...new Set(event.authEvents)].filter((id) => events.has(id));
    waitingFor.set(event.eventId, before.length);
    for (const id of before) followers.get(id)?.push(event);
  }
  return { waitingFor, followers };
};

/** Two infinities are equal, which a subtraction does not know. */
const descending = (x: number, y: number): number => (x === y ? 0 : x > y ? -1 : 1);

/** By `origin_server_ts`, then by event id: what decides when nothing else does. */
export const byTime = (x: StateEvent, y: StateEvent): number =>
  x.sentAt - y.sentAt || Buffer.compare(Buffer.from(x.eventId), Buffer.from(y.eventId));

/** Kept sorted, the first one last. */
class ReadyList {
  readonly #events: StateEvent[] = [];
  readonly #compare: (x: StateEvent, y: StateEvent) => number;

  constructor(compare: (x: StateEvent, y: StateEvent) => number) {
    this.#compare = compare;
  }

  add(event: StateEvent): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle];
      if (other !== undefined && this.#compare(other, event) > 0) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  takeFirst(): StateEvent | undefined {
    return this.#events.pop();
  }
}
