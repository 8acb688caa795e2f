import { isObject } from '@holm/spec/json';
import type { Event } from '../../core/events/event.ts';

/** The type of state that a room has once, such as what gives authority; undefined for any other event. */
export const typeOfSingle = (pdu: unknown): string | undefined => {
  const type = isObject(pdu) && pdu['state_key'] === '' ? pdu['type'] : undefined;
  return typeof type === 'string' ? type : undefined;
};

/**
 * Of what an event takes its authority from, the state that another server has left out of the state before it: nobody
 * can have taken authority from what was not there. Members may be left out.
 */
export const missingAuthority = (authEvents: readonly Event[], there: ReadonlySet<string>): string | undefined =>
  authEvents.find(({ type, stateKey }) => stateKey === '' && !there.has(type))?.type;
