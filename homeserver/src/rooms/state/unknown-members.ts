import type { EventNid, KeyNumber, SnapshotId } from '../model.ts';

/** Where several states differ, with what each has; 0 for nothing. */
export type Differing = ReadonlyMap<KeyNumber, readonly EventNid[]>;

/** What is left to be resolved when a state that lacks a member is silent on it, and does not say that there is none. */
export interface Outspoken {
  /** The one that knows most of these members comes first. */
  readonly snapshots: readonly SnapshotId[];
  readonly differing: Differing;
  /** Members on whom all agree that know of them. */
  readonly agreed: ReadonlyMap<KeyNumber, EventNid>;
}

/**
 * States of a room that is known in part lack most members. Beside a state from elsewhere that has them, all of these would
 * be conflicts, in number and in effect: work in proportion to the room, and no word on what the two really disagree on.
 */
export const outspoken = (
  snapshots: readonly SnapshotId[],
  differing: Differing,
  isMember: (key: KeyNumber) => boolean,
): Outspoken => {
  const agreed = new Map<KeyNumber, EventNid>();
  const left = new Map<KeyNumber, readonly EventNid[]>();
  const known = snapshots.map(() => 0);
  for (const [key, nids] of differing) {
    const one = isMember(key) ? onlyOne(nids) : undefined;
    if (one === undefined) {
      left.set(key, nids);
      continue;
    }
    agreed.set(key, one);
    nids.forEach((nid, i) => (known[i] = (known[i] ?? 0) + (nid === 0 ? 0 : 1)));
  }
  const order = snapshots.map((_, i) => i).sort((a, b) => (known[b] ?? 0) - (known[a] ?? 0));
  const inOrder = <T>(all: readonly T[]): T[] => order.flatMap((i) => all.slice(i, i + 1));
  return {
    snapshots: inOrder(snapshots),
    differing: new Map([...left].map(([key, nids]) => [key, inOrder(nids)])),
    agreed,
  };
};

/** The only event that any of them has, if there is only one. */
const onlyOne = (nids: readonly EventNid[]): EventNid | undefined => {
  const one = nids.find((nid) => nid !== 0);
  return nids.every((nid) => nid === 0 || nid === one) ? one : undefined;
};
