import type { JsonObject } from '@holm/spec/json';
import type { Event } from '../events/event.ts';

/** What this server makes of the wishes of rooms. All in milliseconds. */
export interface RetentionRules {
  /** For rooms that wish nothing; absent for ever. */
  readonly defaultMax?: number | undefined;
  readonly allowedMin?: number | undefined;
  readonly allowedMax?: number | undefined;
}

const lifetime = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

/**
 * How long a room's messages are kept, by the content of its `m.room.retention` event (MSC1763); absent for ever. What a
 * room wishes holds within this server's limits, and a shortest lifetime goes before a longest one.
 */
export const maxLifetime = (content: JsonObject | undefined, rules: RetentionRules): number | undefined => {
  const wanted = lifetime(content?.['max_lifetime']) ?? rules.defaultMax;
  const atLeast = lifetime(content?.['min_lifetime']) ?? 0;
  const kept = Math.max(wanted ?? Infinity, atLeast, rules.allowedMin ?? 0);
  const most = Math.max(rules.allowedMax ?? Infinity, rules.allowedMin ?? 0);
  const result = Math.min(kept, most);
  return result === Infinity ? undefined : result;
};

/** Only what is no state is ever too old. */
export const isExpired = ({ stateKey, sentAt }: Pick<Event, 'stateKey' | 'sentAt'>, horizon: number | undefined) =>
  horizon !== undefined && stateKey === undefined && sentAt < horizon;
