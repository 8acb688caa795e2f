import { LRUCache } from 'lru-cache';
import type { EventNid, RoomNid } from '../../rooms/model.ts';
import type { Viewer } from '../../rooms/timeline/client-events.ts';
import { atMost } from '../../platform/at-most.ts';

/** Ends of pages that are remembered, and members of one chain of pages: whoever is told of more is told of some again. */
const PAGES = 2_000;
const MEMBERS = 500;

const NOBODY: ReadonlySet<EventNid> = new Set();

/**
 * Whose membership events clients have from the pages that they have read before this one, so that who speaks all the time
 * is not named on each. That a page arrived is known by who asks for the next one: a page that got lost is given again as it was.
 */
export class ToldMembers {
  readonly #byEnd = new LRUCache<string, ReadonlySet<EventNid>>(atMost(PAGES));

  /** What has been told on the pages that end where this one begins. */
  before(viewer: Viewer, room: RoomNid, from: string | undefined): ReadonlySet<EventNid> {
    return (from === undefined ? undefined : this.#byEnd.get(keyOf(viewer, room, from))) ?? NOBODY;
  }

  /** A page that ends at `end` tells of `told`, after what was told `before`. */
  tell(
    viewer: Viewer,
    room: RoomNid,
    page: { readonly end: string; readonly told: Iterable<EventNid>; readonly before: ReadonlySet<EventNid> },
  ): void {
    const all = new Set([...page.before, ...page.told]);
    if (all.size > 0) this.#byEnd.set(keyOf(viewer, room, page.end), new Set([...all].slice(-MEMBERS)));
  }
}

const keyOf = ({ userId, deviceId }: Viewer, room: RoomNid, token: string): string =>
  `${userId} ${deviceId} ${room} ${token}`;
