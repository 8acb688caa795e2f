import type { RoomId } from '@holm/spec/ids';
import { isOut } from '../../core/events/membership.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { ReadonlyMemberships } from '../../rooms/members/memberships.ts';
import type { Member } from '../../rooms/model.ts';
import type { Position } from '../../streams/stream.ts';
import type { RoomNews } from '../../streams/sync-part.ts';
import type { View } from './view.sync.ts';

/** What the parts have to tell of rooms. */
export interface NewsOfRooms {
  readonly roomNews: ReadonlyMap<RoomId, RoomNews>;
  /** The reader's rules may have changed since this position of the stream of account data. */
  readonly rulesSince: Position | undefined;
}

/** Rooms that are looked up by their ids rather than found among all. */
const FEW = 100;

/** Which of somebody's rooms may have something to tell, by what is in memory. */
export class ConcernedRooms {
  readonly #engine: Pick<RoomEngine, 'rooms' | 'roomChanges'>;

  constructor(engine: Pick<RoomEngine, 'rooms' | 'roomChanges'>) {
    this.#engine = engine;
  }

  async of(view: View, members: ReadonlyMemberships, news: NewsOfRooms): Promise<Member[]> {
    if (view.after === undefined) {
      return [...members.values()].filter((one) => view.filter.room.includeLeave || !isOut(one.membership));
    }
    const candidates = (await this.#few({ ...view, after: view.after }, members, news)) ?? members.values();
    const hasRoomNews = news.roomNews.size > 0 || news.rulesSince !== undefined;
    return [...candidates].filter(
      (member) => this.mayHaveChanged(view, member) || (member.membership === 'join' && hasRoomNews),
    );
  }

  mayHaveChanged({ after, fullState }: View, { membership, roomNid, position }: Member): boolean {
    if (after === undefined || position > after) return true;
    return membership === 'join' && (fullState || this.#engine.roomChanges.mayHaveChanged(roomNid, after));
  }

  /** Where little is new, that is found without a look at all of somebody's rooms. */
  async #few(
    { after, fullState }: View & { readonly after: Position },
    members: ReadonlyMemberships,
    { roomNews, rulesSince }: NewsOfRooms,
  ): Promise<Member[] | undefined> {
    const { roomChanges, rooms } = this.#engine;
    const isWide = fullState || rulesSince !== undefined || roomNews.size > FEW || members.newest > after;
    const changed = isWide ? undefined : roomChanges.among(members, after);
    if (!changed) return undefined;
    const told = await Promise.all([...roomNews.keys()].map((roomId) => rooms.byId(roomId)));
    const nids = new Set([...changed, ...told.flatMap((room) => room?.nid ?? [])]);
    return [...nids].flatMap((nid) => members.get(nid) ?? []);
  }
}
