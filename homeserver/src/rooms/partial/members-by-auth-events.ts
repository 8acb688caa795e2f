import type { AuthState } from '../../core/auth/auth-state.ts';
import { stateOf } from '../../core/auth/auth-events.ts';
import type { Event } from '../../core/events/event.ts';
import type { KnownEvents } from '../ingest/known-events.ts';

/**
 * Members as an event's own auth events have them: what there is to go by while the room's state lacks most of its
 * members. Everything that was let in by it is looked at again when the state is complete.
 */
export const membersByAuthEvents = async (known: KnownEvents, event: Event): Promise<AuthState> => {
  const authEvents = [...(await known.find(event.authEvents)).values()].filter(({ status }) => status !== 'rejected');
  const state = stateOf(authEvents.map((stored) => stored.event));
  return (type, key) => (type === 'm.room.member' ? state(type, key) : undefined);
};
