import { sticksUntil } from '../../core/events/sticky.ts';
import type { Position } from '../../streams/stream.ts';
import type { EventNid, StoredEvent } from '../model.ts';

/** An event that sticks. */
export interface Stuck {
  readonly nid: EventNid;
  /** Since when it can be seen, in the stream of all events; absent while it is soft-failed. */
  readonly position: Position | undefined;
  readonly expiresAt: number;
}

/** Which of a step's events stick. Those that are not in the timeline become visible at `otherwise`. */
export const stickyOf = (
  events: readonly StoredEvent[],
  now: number,
  otherwise: Position | undefined,
): readonly Stuck[] =>
  events.flatMap((stored) => {
    const { nid, status, snapshot, event } = stored;
    if (snapshot === undefined || (status !== 'accepted' && status !== 'soft-failed')) return [];
    const expiresAt = sticksUntil(event, now);
    if (expiresAt === undefined) return [];
    return [{ nid, position: status === 'accepted' ? (stored.position ?? otherwise) : undefined, expiresAt }];
  });
