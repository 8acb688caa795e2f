import type { Json } from '@holm/spec/json';
import type { Event } from '../events/event.ts';
import type { Verdict } from '../verdict.ts';
import { ALLOW, refuse } from '../verdict.ts';
import type { AuthState } from './auth-state.ts';
import { authStateKeys } from './selection.ts';

export interface AuthEvent {
  readonly event: Event;
  readonly rejected: boolean;
}

/**
 * The rules about an event's `auth_events` themselves (rule 2; 2 and 3 in version 12). Takes the events that
 * `event.authEvents` names, the create event included where the room id implies it, all of them: fetching what is
 * missing comes first.
 */
export const checkAuthEvents = (event: Event, authEvents: readonly AuthEvent[]): Verdict => {
  if (event.type === 'm.room.create') return ALLOW;
  if (new Set(event.authEvents).size < event.authEvents.length) return refuse('auth_events names an event twice');
  if (authEvents.some(({ event: { roomId } }) => roomId !== event.roomId)) {
    return refuse('auth_events has an event of another room');
  }
  const create = authEvents.find((entry) => isCreate(entry.event));
  if (create === undefined) return refuse('there is no create event among the auth events');
  if (authEvents.some(({ rejected }) => rejected)) return refuse('an auth event was rejected');
  return event.version.auth.createInAuthEvents
    ? checkSelected(event, authEvents)
    : checkImplied(event, authEvents, create.event);
};

const isCreate = ({ type, stateKey }: Event): boolean => type === 'm.room.create' && stateKey === '';

const checkImplied = (event: Event, authEvents: readonly AuthEvent[], create: Event): Verdict => {
  if (create.eventId.slice(1) !== event.roomId.slice(1)) return refuse('the room id is not that of the create event');
  const listed: Json | undefined = event.pdu['auth_events'];
  if (Array.isArray(listed) && listed.includes(create.eventId)) {
    return refuse('auth_events lists the create event, which the room id implies');
  }
  return checkSelected(
    event,
    authEvents.filter((entry) => entry.event !== create),
  );
};

/** Each entry is one that the selection asks for, and none is there twice. */
const checkSelected = (event: Event, authEvents: readonly AuthEvent[]): Verdict => {
  const selected = new Set(authStateKeys(event.version, event).map(([type, key]) => keyOf(type, key)));
  const seen = new Set<string>();
  for (const { event: entry } of authEvents) {
    const key = entry.stateKey === undefined ? undefined : keyOf(entry.type, entry.stateKey);
    if (key === undefined || !selected.has(key)) return refuse(`auth_events has ${entry.type}, which does not belong`);
    if (seen.has(key)) return refuse(`auth_events has ${entry.type} twice for one state key`);
    seen.add(key);
  }
  return ALLOW;
};

const keyOf = (type: string, stateKey: string): string => JSON.stringify([type, stateKey]);

/** The state that auth events make up. */
export const stateOf = (events: Iterable<Event>): AuthState => {
  const state = new Map<string, Event>();
  for (const event of events) {
    if (event.stateKey !== undefined) state.set(keyOf(event.type, event.stateKey), event);
  }
  return (type, stateKey) => state.get(keyOf(type, stateKey));
};
