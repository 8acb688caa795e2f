import type { EventId, ServerName } from '@holm/spec/ids';
import type { Log } from '../../platform/log.ts';
import type { StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import { isCloser, type Moment } from '../timeline/by-time.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { Backfill } from './backfill.ts';
import type { RemoteRooms } from './ports.ts';

export interface ElsewhereDeps {
  readonly timeline: Timeline;
  readonly remote: RemoteRooms;
  readonly backfill: Backfill;
  readonly log: Log;
}

/** Fetched to get to a moment in what was missed while this server was away. */
const MAX_FETCHED = 500;
const BOTTOM = Number.MIN_SAFE_INTEGER;

/** Events that other servers have and that are closer to a moment than any of ours. */
export class Elsewhere {
  readonly #deps: ElsewhereDeps;

  constructor(deps: ElsewhereDeps) {
    this.#deps = deps;
  }

  /** Fetches what is closer than `found`, if something is missing there. Resolves to whether there is more now. */
  async fetch(room: Room, moment: Moment, found: StoredEvent | undefined): Promise<boolean> {
    const { backfill } = this.#deps;
    const floor = await this.#holeAt(room, moment, found);
    if (floor === undefined) return false;
    for (const server of await backfill.servers(room)) {
      const eventId = await this.#ask(server, room, { moment, found });
      if (eventId === undefined) continue;
      const has = await (floor === BOTTOM
        ? backfill.island(server, room, eventId)
        : backfill.into(room, floor, MAX_FETCHED));
      if (has) return true;
    }
    return false;
  }

  /** The number right above which events are missing between a moment and what was found for it. */
  async #holeAt(room: Room, { direction }: Moment, found: StoredEvent | undefined): Promise<number | undefined> {
    const { timeline } = this.#deps;
    const isBack = direction === 'back';
    const hasBottom = async () => ((await timeline.hasGaps(room)) ? BOTTOM : undefined);
    // What is later than everything here has not happened yet.
    if (found?.ord === undefined) return isBack ? hasBottom() : undefined;
    if (found.event.type === 'm.room.create') return undefined;
    const [next] = await timeline.page(room, { from: found.ord, direction: isBack ? 'forward' : 'back', limit: 1 });
    if (next?.ord === undefined) return isBack ? undefined : hasBottom();
    if (Math.abs(next.ord - found.ord) === 1) return undefined;
    return Math.min(next.ord, found.ord);
  }

  /** The closest event that a server knows, if it is closer than ours. */
  async #ask(
    server: ServerName,
    room: Room,
    { moment, found }: { readonly moment: Moment; readonly found: StoredEvent | undefined },
  ): Promise<EventId | undefined> {
    const { remote, log } = this.#deps;
    try {
      const { eventId, sentAt } = await remote.eventAt(server, room.roomId, moment);
      return isCloser(sentAt, moment, found) ? eventId : undefined;
    } catch (err) {
      log.info('another server knows no event of that time', { server, roomId: room.roomId, err });
      return undefined;
    }
  }
}
