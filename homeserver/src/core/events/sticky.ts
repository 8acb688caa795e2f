import type { JsonObject } from '@holm/spec/json';
import { MAX_STICKY_MS, STICKY_NAMES, type StickyNames } from '@holm/spec/extensions/sticky-events';
import type { Event, Pdu } from './event.ts';

/** Under which of its names an event says for how long it sticks. */
export interface Stickiness {
  readonly field: StickyNames['field'];
  readonly durationMs: number;
}

/** What a client asks for in the query of a request that sends. */
export const stickinessWanted = (query: { readonly [Name in StickyNames['query']]?: number | undefined }) => {
  for (const { query: name, field } of STICKY_NAMES) {
    const durationMs = query[name];
    if (durationMs !== undefined) return { field, durationMs } satisfies Stickiness;
  }
  return undefined;
};

/** The members that say so in an event. */
export const stickyMembers = (sticky: Stickiness | undefined): JsonObject =>
  sticky ? { [sticky.field]: { duration_ms: sticky.durationMs } } : {};

/** For how long an event says that it sticks: at most an hour, whatever it says. */
export const stickinessOf = (pdu: Pdu): Stickiness | undefined => {
  for (const { field } of STICKY_NAMES) {
    const said = pdu[field];
    if (said === undefined || said === null || typeof said !== 'object' || Array.isArray(said)) continue;
    const durationMs = (said as JsonObject)['duration_ms'];
    if (typeof durationMs !== 'number' || !Number.isInteger(durationMs) || durationMs < 0) continue;
    return { field, durationMs: Math.min(durationMs, MAX_STICKY_MS) };
  }
  return undefined;
};

/** Until when an event sticks that arrives now; absent if it does not. Clocks that are ahead gain nothing. */
export const sticksUntil = ({ pdu, sentAt }: Pick<Event, 'pdu' | 'sentAt'>, now: number): number | undefined => {
  const sticky = stickinessOf(pdu);
  if (!sticky) return undefined;
  const until = Math.min(sentAt, now) + sticky.durationMs;
  return until > now ? until : undefined;
};

/** What `unsigned` calls the time that is left. */
export const remainingName = (pdu: Pdu): StickyNames['remaining'] | undefined => {
  const field = stickinessOf(pdu)?.field;
  return STICKY_NAMES.find((names) => names.field === field)?.remaining;
};
