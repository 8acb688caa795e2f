import type { EventId } from '@holm/spec/ids';
import { checkAuthEvents, stateOf } from '../../../core/auth/auth-events.ts';
import { authorise } from '../../../core/auth/authorise.ts';
import type { Event } from '../../../core/events/event.ts';
import { ALLOW, refuse, type Verdict } from '../../../core/verdict.ts';
import type { StoredEvent } from '../../model.ts';
import { isUnconnected } from '../missing/unknown.ts';

/** An event's auth events, all of them, and the verdict of the rules by them alone. */
export interface AuthCheck {
  readonly verdict: Verdict;
  readonly authNumbers: readonly number[] | undefined;
}

/**
 * Check 4: the rules allow it by its own auth events, "otherwise it is rejected". Undefined when some of these are
 * missing.
 */
export const checkByAuthEvents = (
  event: Event,
  stored: (id: EventId) => StoredEvent | undefined,
): AuthCheck | undefined => {
  const authEvents = event.authEvents.map(stored).filter((found) => found !== undefined);
  if (authEvents.length < event.authEvents.length) return undefined;
  const verdict = byAuthEventsVerdict(event, authEvents);
  const numbers = authEvents.map(({ authNumber }) => authNumber);
  const authNumbers = numbers.every((number) => number !== undefined) ? numbers : undefined;
  // What its authority rests on is stored, but not what that rests on in turn: as good as missing.
  if (verdict.allowed && authNumbers === undefined && authEvents.some(isUnconnected)) return undefined;
  return { verdict, authNumbers };
};

const byAuthEventsVerdict = (event: Event, authEvents: readonly StoredEvent[]): Verdict => {
  if (event.rejection !== undefined) return refuse(event.rejection);
  const shape = checkAuthEvents(
    event,
    authEvents.map(({ event: authEvent, status }) => ({ event: authEvent, rejected: status === 'rejected' })),
  );
  if (!shape.allowed) return shape;
  const verdict = authorise(event, stateOf(authEvents.map((stored) => stored.event)));
  return verdict.allowed ? ALLOW : verdict;
};
