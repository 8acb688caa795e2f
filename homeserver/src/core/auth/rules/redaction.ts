import { serverOf } from '@holm/spec/ids';
import type { Event } from '../../events/event.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { namedLevel, powerLevelOf } from '../power-levels.ts';

const hasRedactLevel = (sender: string, state: AuthState): boolean =>
  powerLevelOf(sender, state) >= namedLevel(state, 'redact');

/** Ids of versions 1 and 2 end with the server that made them. */
const domainOf = (eventId: string | undefined): string | undefined => {
  const colon = eventId?.indexOf(':') ?? -1;
  return colon < 0 ? undefined : eventId?.slice(colon + 1);
};

/** Rule 11 of versions 1 and 2: `m.room.redaction`. */
export const checkRedaction = (event: Event, state: AuthState): Verdict => {
  if (hasRedactLevel(event.sender, state)) return ALLOW;
  const domain = domainOf(event.redacts);
  return domain !== undefined && domain === domainOf(event.eventId)
    ? ALLOW
    : refuse('the sender may redact only what their own server sent');
};

/**
 * Whether an authorised redaction takes effect on its target, given the state at the redaction.
 * https://spec.matrix.org/latest/rooms/v3/#handling-redactions
 */
export const mayRedact = (redaction: Event, target: Pick<Event, 'sender' | 'roomId'>, state: AuthState): boolean => {
  if (redaction.roomId !== target.roomId) return false;
  if (redaction.version.auth.redactionRule) return checkRedaction(redaction, state).allowed;
  return hasRedactLevel(redaction.sender, state) || serverOf(redaction.sender) === serverOf(target.sender);
};
