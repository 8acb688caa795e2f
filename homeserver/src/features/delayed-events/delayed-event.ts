import type { JsonObject } from '@holm/spec/json';
import type { Later } from '../room-events/index.ts';

/** As numbered in the table; append, never reorder. */
export const OUTCOMES = ['sent', 'cancelled', 'failed'] as const;

export interface Finalised {
  readonly outcome: (typeof OUTCOMES)[number];
  /** Somebody asked for it; otherwise its time had come. */
  readonly byAction: boolean;
  readonly at: number;
  readonly eventId: string | undefined;
  /** The standard error response of what went wrong. */
  readonly error: JsonObject | undefined;
}

export interface DelayedEvent extends Later {
  readonly delayId: string;
  /** When it was scheduled or last restarted. */
  readonly since: number;
  readonly due: number;
  readonly finalised: Finalised | undefined;
}

export interface DelayLimits {
  /** Nothing can be delayed when this is 0. */
  readonly maxDelayMs: number;
  readonly maxScheduled: number;
}

/** A page of a user's list begins after this one. */
export interface Place {
  readonly due: number;
  readonly delayId: string;
}

const finalisedAs = ({ at, eventId, error }: Finalised) => ({
  finalised_ts: at,
  ...(eventId !== undefined && { event_id: eventId }),
  ...(error && { error: error as { errcode: string; error: string } }),
});

/** As its owner sees it. */
export const toldAs = (event: DelayedEvent) => ({
  delay_id: event.delayId,
  room_id: event.roomId,
  type: event.type,
  ...(event.stateKey !== undefined && { state_key: event.stateKey }),
  content: event.content,
  delay_ms: event.delayMs,
  delayed_since_ts: event.since,
  ...(event.finalised && { finalised: finalisedAs(event.finalised) }),
});

/** With the names that drafts had for times. */
export const toldToDrafts = (event: DelayedEvent) => ({
  ...toldAs(event),
  delay: event.delayMs,
  running_since: event.since,
});

/** An entry of the list of what is over, as drafts had it. */
export const overToDrafts = (event: DelayedEvent, { outcome, byAction, at, eventId, error }: Finalised) => ({
  delayed_event: toldToDrafts(event),
  outcome: outcome === 'sent' ? ('send' as const) : ('cancel' as const),
  reason: error ? ('error' as const) : byAction ? ('action' as const) : ('delay' as const),
  ...(error && { error: error as { errcode: string; error: string } }),
  ...(eventId !== undefined && { event_id: eventId }),
  origin_server_ts: at,
});
