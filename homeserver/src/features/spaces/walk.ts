import type { RoomId, ServerName } from '@holm/spec/ids';

/** A room that a walk through a space will come to. */
export interface Ahead {
  readonly roomId: RoomId;
  readonly depth: number;
  readonly via: readonly ServerName[];
}

/** How far a walk has come. Pages begin with a copy, so that asking for the same one again gives the same answer. */
export interface Walk {
  readonly root: RoomId;
  readonly suggestedOnly: boolean;
  readonly maxDepth: number;
  /** The next room is the last one. */
  readonly ahead: Ahead[];
  /** Spaces may hold each other: each room is told once. */
  readonly seen: Set<RoomId>;
  /** Rooms that, as another server said, nobody here can get into. */
  readonly inaccessible: Set<RoomId>;
}

/** Larger trees end here. */
const MAX_ROOMS = 10_000;

export const beginWalk = (first: Ahead, suggestedOnly: boolean, maxDepth: number): Walk => ({
  root: first.roomId,
  suggestedOnly,
  maxDepth,
  ahead: [first],
  seen: new Set(),
  inaccessible: new Set(),
});

export const copyOf = (walk: Walk): Walk => ({
  ...walk,
  ahead: [...walk.ahead],
  seen: new Set(walk.seen),
  inaccessible: new Set(walk.inaccessible),
});

/** The next room that has not been seen yet, and is from now on. */
export const step = ({ ahead, seen }: Walk): Ahead | undefined => {
  for (let next = ahead.pop(); next; next = ahead.pop()) {
    if (seen.has(next.roomId)) continue;
    seen.add(next.roomId);
    return next;
  }
  return undefined;
};

/** Whether there is a next room; what has been seen is dropped. */
export const goesOn = ({ ahead, seen }: Walk): boolean => {
  for (let next = ahead.at(-1); next && seen.has(next.roomId); next = ahead.at(-1)) ahead.pop();
  return ahead.length > 0;
};

/** The children of a room come next, each with all that is in it. */
export const descend = (walk: Walk, from: Ahead, children: readonly Omit<Ahead, 'depth'>[]): void => {
  const { ahead, seen, maxDepth } = walk;
  if (from.depth >= maxDepth) return;
  const unseen = children
    .filter(({ roomId }) => !seen.has(roomId))
    .slice(0, Math.max(0, MAX_ROOMS - seen.size - ahead.length));
  ahead.push(...unseen.map((child) => ({ ...child, depth: from.depth + 1 })).reverse());
};

/** The rooms that come next, unless children come between. */
export const next = ({ ahead, seen }: Walk, count: number): Ahead[] => {
  const found: Ahead[] = [];
  for (let at = ahead.length - 1; at >= 0 && found.length < count; at -= 1) {
    const entry = ahead[at];
    if (entry && !seen.has(entry.roomId)) found.push(entry);
  }
  return found;
};
