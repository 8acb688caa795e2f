import type { UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { UserRooms } from '../../rooms/members/user-rooms.ts';
import { Gather } from '../../storage/gather.ts';
import { LastChanges } from '../../streams/last-changes.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { Reader } from '../../streams/sync-part.ts';
import type { Circles } from './circles.service.ts';
import type { KnownStatuses } from './known-statuses.service.ts';
import type { Status } from './status.ts';

export interface PresenceNewsDeps {
  readonly circles: Pick<Circles, 'load' | 'has' | 'share' | 'around' | 'reachOf' | 'roomsOf' | 'joinedWith'>;
  readonly known: KnownStatuses;
  readonly userRooms: Pick<UserRooms, 'of'>;
  /** Who is in one of some rooms, and has changed in a range that is stored. */
  readonly changedAmong: (rooms: readonly RoomNid[], range: Range) => Promise<readonly UserId[]>;
}

/** Whoever is told, and for which stretch of the stream of events. */
export type PresenceReader = Pick<Reader, 'userId' | 'timeline'>;

/** What readers are to be told of others. */
export class PresenceNews {
  readonly #deps: PresenceNewsDeps;
  /** For whom there was news last. */
  readonly #last: LastChanges<UserId>;
  /** Who came into a room when, in the stream of events; and into which. */
  readonly #arrivals: LastChanges<UserId>;
  readonly #entries: LastChanges<string>;
  /** Where this run begins. */
  readonly #from: Position;
  /** Readers who come at the same time, and are not known yet. */
  readonly #loads: Gather<UserId, never>;

  /** `from`: the settled positions of the two streams at the start. */
  constructor(deps: PresenceNewsDeps, from: { readonly presence: Position; readonly timeline: Position }) {
    this.#deps = deps;
    this.#loads = new Gather<UserId, never>(async (users) => {
      await deps.circles.load(users);
      return new Map<UserId, never>();
    }, 'round');
    this.#from = from.presence;
    this.#last = new LastChanges(from.presence);
    this.#arrivals = new LastChanges(from.timeline);
    this.#entries = new LastChanges(from.timeline);
  }

  note(readers: Iterable<UserId>, position: Position): void {
    for (const reader of readers) this.#last.note(reader, position);
  }

  /** A user of ours has come into a room. */
  arrived(user: UserId, room: RoomNid, position: Position): void {
    this.#arrivals.note(user, position);
    this.#entries.note(entryOf(user, room), position);
  }

  /** Answers from memory. What happens while somebody is not loaded is not noted for them. */
  mayBeFor({ userId, timeline }: PresenceReader, after: Position): boolean {
    return (
      this.#last.mayHaveChanged(userId, after) ||
      this.#arrivals.mayHaveChanged(userId, timeline.after) ||
      !this.#deps.circles.has(userId)
    );
  }

  /** Everybody who shares a room with a reader and has changed: how they are now. From 0: who is not offline. */
  async of(reader: PresenceReader, range: Range): Promise<ReadonlyMap<UserId, Status>> {
    const { circles, known } = this.#deps;
    if (circles.has(reader.userId)) await circles.load([reader.userId]);
    else await this.#loads.load([reader.userId]);
    const [met, earlier] = await Promise.all([this.#met(reader, range), this.#earlier(reader, range)]);
    const found = new Map<UserId, Status>();
    for (const user of met) {
      // Who is offline, too: the reader may have met them before, and have been told something else.
      const status = known.get(user)?.status;
      if (status) found.set(user, status);
    }
    for (const user of [...earlier, ...this.#changed(reader.userId, range)]) {
      const one = known.get(user);
      if (one && isIn(range, one)) found.set(user, one.status);
    }
    return found;
  }

  /**
   * Who may have changed: found among those who did, where that is not long ago and they are fewer than those who share rooms with the
   * reader; else among these. When everybody comes at once, everybody's answer must not look at everybody.
   */
  *#changed(reader: UserId, range: Range): Iterable<UserId> {
    const { circles, known } = this.#deps;
    const count = known.countIn(range);
    if (count === undefined || count > circles.reachOf(reader)) yield* circles.around(reader);
    else for (const user of known.changedIn(range)) if (circles.share(reader, user)) yield user;
  }

  /** Of those who changed before the start, only who is not offline is among those around. */
  async #earlier({ userId }: PresenceReader, range: Range): Promise<readonly UserId[]> {
    if (range.after === 0 || range.after >= this.#from) return [];
    const rooms = this.#deps.circles.roomsOf(userId);
    return rooms.length === 0 ? [] : this.#deps.changedAmong(rooms, range);
  }

  /** Who is in the rooms that the reader has come into: found in the rooms, because a restart must not make it forgotten. */
  async #met({ userId, timeline: { after, upTo } }: PresenceReader, range: Range): Promise<readonly UserId[]> {
    if (range.after === 0 || !this.#arrivals.mayHaveChanged(userId, after)) return [];
    const { circles, userRooms } = this.#deps;
    const rooms = await userRooms.of(userId);
    if (rooms.newest <= after) return [];
    const entered = [...rooms.joined].filter((nid) => {
      const position = rooms.get(nid)?.position ?? 0;
      // A member's event may be another one without their having come.
      return position > after && position <= upTo && this.#entries.mayHaveChanged(entryOf(userId, nid), after);
    });
    return circles.joinedWith(userId, entered);
  }
}

const entryOf = (user: UserId, room: RoomNid): string => `${room} ${user}`;

/** To who knows nothing yet, that somebody is offline is no news. */
const isIn = ({ after, upTo }: Range, { status, changedAt }: { status: Status; changedAt: Position }): boolean =>
  changedAt > after && changedAt <= upTo && (after > 0 || status.state !== 'offline');
