import type { EventNid, Extremity } from '../model.ts';

/** What one event may follow at most: https://spec.matrix.org/latest/rooms/v1/#event-format */
export const MAX_PREV_EVENTS = 20;
/** Loose ends that are left to whoever writes next in the room. Those beyond are joined by an event of nobody's. */
export const TOLERATED = 10;
/** Loose ends that are kept where nobody of ours may join them. */
export const KEPT = 100;

/** Of more extremities than one event can follow, those to be joined next: the oldest, so that none waits for ever. */
export const toJoin = (extremities: readonly Extremity[]): readonly Extremity[] =>
  extremities.toSorted((a, b) => a.depth - b.depth).slice(0, MAX_PREV_EVENTS);

export interface EndOfServer {
  readonly nid: EventNid;
  readonly depth: number;
  /** Whose event it is. */
  readonly server: string;
}

/**
 * Of more extremities than are kept, those to be forgotten: of whoever has the most, the oldest first. A server that
 * floods a room with loose ends thereby pushes out its own, never those of others.
 */
export const toForget = (ends: readonly EndOfServer[]): ReadonlySet<EventNid> => {
  const byServer = [...Map.groupBy(ends, ({ server }) => server).values()].map((ofServer) =>
    ofServer.toSorted((a, b) => b.depth - a.depth),
  );
  const forgotten = new Set<EventNid>();
  while (ends.length - forgotten.size > KEPT) {
    const most = byServer.reduce((one, other) => (other.length > one.length ? other : one));
    const oldest = most.pop();
    if (!oldest) break;
    forgotten.add(oldest.nid);
  }
  return forgotten;
};
