import type { UserId } from '@holm/spec/ids';
import type { CommitListener } from '../../rooms/commit.ts';
import type { Stays } from '../../rooms/members/stays.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Database } from '../../storage/database.ts';
import { LastChanges } from '../../streams/last-changes.ts';
import { type Keys, LoggedChanges } from '../../streams/logged-changes.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { DeviceListNews, Reader } from '../../streams/sync-part.ts';
import type { DeviceLists } from './device-lists.service.ts';
import { deviceListsStore as store } from './device-lists.store.ts';
import { type Move, Moves } from './moves.service.ts';

export interface ListNewsDeps {
  readonly db: Database;
  readonly lists: DeviceLists;
  readonly stays: Pick<Stays, 'departureOf'>;
  /** Of the stream of rooms' events. */
  readonly settled: Position;
}

/** Who asks, and for which stretches of the two streams. */
export interface Question {
  readonly userId: UserId;
  readonly rooms: readonly RoomNid[];
  readonly lists: Range;
  readonly timeline: Range;
}

/** Whose keys somebody should ask for anew, by what changed and by who came into their rooms or left them. */
export class ListNews {
  readonly #deps: ListNewsDeps;
  readonly #moves: Moves;
  readonly #movedRooms: LoggedChanges<RoomNid>;
  readonly #movedUsers: LastChanges<UserId>;
  /** Of the last move. */
  #last: Position;

  constructor(deps: ListNewsDeps) {
    this.#deps = deps;
    this.#moves = new Moves(deps.settled);
    this.#movedRooms = new LoggedChanges(deps.settled);
    this.#movedUsers = new LastChanges(deps.settled);
    this.#last = deps.settled;
  }

  readonly listener: CommitListener = ({ room, members, wholeSince }) => {
    // To those of ours who are in it, it is as if they had come into the whole room only now.
    if (wholeSince !== undefined) {
      for (const userId of room.members.loaded?.local ?? []) {
        this.#moved({ roomNid: room.nid, userId, kind: 'joined', position: wholeSince });
      }
    }
    for (const { userId, membership, before, position } of members) {
      if ((membership === 'join') === (before === 'join')) continue;
      const kind = membership === 'join' ? 'joined' : 'left';
      this.#moved({ roomNid: room.nid, userId, kind, position });
    }
  };

  #moved(move: Move): void {
    this.#moves.add(move);
    this.#movedRooms.note(move.roomNid, move.position);
    this.#movedUsers.note(move.userId, move.position);
    this.#last = Math.max(this.#last, move.position) as Position;
  }

  /** Answers from memory; wrong only in saying yes. */
  mayHave(userId: UserId, rooms: Keys<RoomNid>, after: { lists: Position; timeline: Position }): boolean {
    const { lists } = this.#deps;
    // What is asked after every message must not look at every room.
    const areListsStill = after.lists >= lists.stream.settled;
    const areRoomsStill = after.timeline >= this.#last;
    if (areListsStill && areRoomsStill) return false;
    if (!areListsStill && lists.mayHaveChanged(userId, rooms, after.lists)) return true;
    if (areRoomsStill) return false;
    if (this.#movedUsers.mayHaveChanged(userId, after.timeline)) return true;
    return this.#movedRooms.mayAnyHaveChanged(rooms, after.timeline);
  }

  /** With whom somebody has ceased to share any room in a stretch of the timeline. */
  async parted({ userId, rooms, timeline }: Pick<Reader, 'userId' | 'rooms' | 'timeline'>): Promise<readonly UserId[]> {
    const { settled } = this.#deps.lists.stream;
    const lists = { after: settled, upTo: settled };
    if (timeline.after === 0 || !this.mayHave(userId, rooms(), { lists: settled, timeline: timeline.after })) return [];
    return (await this.of({ userId, rooms: [...rooms()], lists, timeline })).left;
  }

  async of(question: Question): Promise<DeviceListNews> {
    const { db, lists } = this.#deps;
    const { userId, rooms } = question;
    const changed = new Set<UserId>();
    if (lists.mayHaveChanged(userId, rooms, question.lists.after)) {
      for (const user of await store.changed(db, userId, rooms, question.lists)) changed.add(user);
    }
    const { met, parted } = await this.#encounters(question);
    for (const user of met) changed.add(user);
    // Nobody sees oneself come or go.
    parted.delete(userId);
    const left = parted.size === 0 ? [] : await store.notIn(db, [...parted], rooms);
    for (const user of left) changed.delete(user);
    return { changed: [...changed], left };
  }

  /** Who may have come to share a room with somebody, and who may have ceased to. */
  async #encounters(question: Question): Promise<{ met: Set<UserId>; parted: Set<UserId> }> {
    const { db } = this.#deps;
    const { userId, rooms, timeline } = question;
    const all = this.#moves.in(timeline) ?? (await this.#storedMoves(question));
    const current = new Set(rooms);
    const theirs = all.filter((move) => move.userId !== userId && current.has(move.roomNid));
    const own = all.filter((move) => move.userId === userId);
    const entered = roomsOf(own, 'joined').filter((nid) => current.has(nid));
    const departed = roomsOf(own, 'left').filter((nid) => !current.has(nid));
    const met = new Set(usersOf(theirs, 'joined'));
    const parted = new Set(usersOf(theirs, 'left'));
    if (entered.length > 0) for (const user of await store.joinedIn(db, entered)) met.add(user);
    if (departed.length > 0) for (const user of await store.joinedIn(db, departed)) parted.add(user);
    // Those who left a room at the same time are in none of its lists any more.
    for (const move of all) if (departed.includes(move.roomNid)) parted.add(move.userId);
    met.delete(userId);
    return { met, parted };
  }

  /** As far as current memberships tell; and, of the reader, the events that made them. */
  async #storedMoves({ userId, rooms, timeline }: Question): Promise<readonly Move[]> {
    const { db, stays } = this.#deps;
    const away = await store.away(db, userId, timeline.after);
    // Who has only declined an invite must not learn who is in the room.
    const left = await Promise.all(
      away.map(async (member): Promise<Move[]> => {
        const position = (await stays.departureOf(member))?.event.position;
        const isWithin = position !== undefined && position > timeline.after && position <= timeline.upTo;
        return isWithin ? [{ roomNid: member.roomNid, userId, kind: 'left', position }] : [];
      }),
    );
    const own = left.flat();
    const theirs = await store.movesIn(db, [...rooms, ...own.map(({ roomNid }) => roomNid)], timeline);
    return [...own, ...theirs.filter((move) => move.userId !== userId || move.kind === 'joined')];
  }
}

const roomsOf = (moves: readonly Move[], kind: Move['kind']): RoomNid[] => [
  ...new Set(moves.filter((move) => move.kind === kind).map(({ roomNid }) => roomNid)),
];

const usersOf = (moves: readonly Move[], kind: Move['kind']): UserId[] =>
  moves.filter((move) => move.kind === kind).map(({ userId }) => userId);
