import type { UnixMillis } from '../../platform/clock.ts';
import type { StoredEvent } from '../model.ts';

/** By how much a clock can have been put back, or others' can be ahead. What is dated later than that nobody follows. */
const MAX_AHEAD_MS = 60_000;

/**
 * The date of a state event of ours: after what it replaces and what its authority rests on, be that of the same
 * millisecond.
 *
 * Where a room has forked, the resolution of state puts events in the order of their dates, not in that in which they
 * follow each other, and leaves those of one date to chance. Others would find that who left, came back and left again
 * came back last: she would be a member, and her second leave not allowed.
 * https://spec.matrix.org/latest/rooms/v2/#definitions (mainline ordering)
 */
export const dateAfter = (
  restsOn: Iterable<{ readonly event: Pick<StoredEvent['event'], 'sentAt'> }>,
  now: UnixMillis,
): number => {
  let date: number = now;
  for (const { event } of restsOn) if (event.sentAt <= now + MAX_AHEAD_MS) date = Math.max(date, event.sentAt + 1);
  return date;
};
