import { isObject } from '@holm/spec/json';
import type { Event } from '../../core/events/event.ts';

/**
 * Of what an event takes its authority from, the state that another server has left out of the state before it: nobody
 * can have taken authority from what was not there. Members may be left out.
 */
export const missingAuthority = (authEvents: readonly Event[], state: readonly unknown[]): string | undefined => {
  const there = new Set(state.flatMap((pdu) => (isObject(pdu) && pdu['state_key'] === '' ? [pdu['type']] : [])));
  return authEvents.find(({ type, stateKey }) => stateKey === '' && !there.has(type))?.type;
};
