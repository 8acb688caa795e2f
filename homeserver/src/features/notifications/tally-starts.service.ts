import type { RoomEngine } from '../../rooms/engine.ts';
import type { Events } from '../../rooms/events.ts';
import type { Member, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { UserId } from '@holm/spec/ids';
import { membershipOf, relationOf } from '../../core/events/content.ts';
import type { Database } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import { isSaidBy } from './judge.service.ts';
import { type Tally, WINDOW } from './tally.service.ts';
import { type Start, type UserInRoom, unreadStore as store } from './unread.store.ts';

/** Of the newest events that are in memory, which are not many more. */
const SEARCHED = 100;

/** Finds out where tallies begin: of all rooms of a first answer together. */
export class TallyStarts {
  readonly #engine: Pick<RoomEngine, 'events' | 'userRooms'>;
  readonly #gather: Gather<UserInRoom, Start>;

  constructor(db: Database, engine: Pick<RoomEngine, 'events' | 'userRooms'>) {
    this.#engine = engine;
    this.#gather = new Gather((keys) => store.starts(db, keys), 'round');
  }

  async start(tally: Tally): Promise<void> {
    const { user, room, backlog } = tally;
    const key = { user, room: room.nid };
    const { marks = [], stored } = (await this.#gather.load([key])).get(key) ?? {};
    for (const { thread, ord } of marks) backlog.markRead(thread, ord);
    const said = stored ? undefined : lastSaidIn(room, user);
    if (said) tally.hasSaid(said);
    const member = (await this.#engine.userRooms.of(user)).get(room.nid);
    const enough = Math.max(backlog.read, (room.head?.lastOrd ?? 0) - WINDOW);
    tally.startAt(member ? await joinedAt(this.#engine.events, member, enough) : Infinity);
    if (stored) tally.restore(stored);
  }
}

/**
 * What somebody said last in the main timeline, of its newest events: whoever says something has read what was there before. So who
 * speaks in a busy room need not have thousands of events looked at for their first answer.
 */
export const lastSaidIn = ({ tail }: Room, user: UserId): StoredEvent | undefined =>
  tail.newest(SEARCHED).findLast((stored) => isSaidBy(user, stored) && relationOf(stored.event.content) === undefined);

type Followed = Pick<Events, 'byNid' | 'replacedBy'>;

/** The place of the event by which somebody came into the room; how long before `enough` is of no interest. */
export const joinedAt = async (events: Followed, member: Member, enough: number): Promise<number> => {
  const join = await events.byNid(member.eventNid);
  if (!join || membershipOf(join.event) !== 'join') return Infinity;
  let at = join.ord ?? 0;
  if (at <= enough) return at;
  for await (const before of events.replacedBy(join)) {
    if (membershipOf(before.event) !== 'join') break;
    at = before.ord ?? 0;
    if (at <= enough) break;
  }
  return at;
};
