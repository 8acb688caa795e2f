import { MatrixError } from '@holm/spec/errors';
import { type EventId, type RoomId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Edu } from '@holm/spec/server-server/transactions';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../platform/at-most.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Events } from '../../rooms/events.ts';
import type { EphemeralRooms } from '../../rooms/members/ephemeral-rooms.ts';
import type { RoomNid, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Visible } from '../../rooms/timeline/visible.ts';
import type { Database } from '../../storage/database.ts';
import { type Keys, LoggedChanges } from '../../streams/logged-changes.ts';
import type { Notifier } from '../../streams/notifier.ts';
import { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position, Range, Stream } from '../../streams/stream.ts';
import { type Receipt, type ReceiptType, visibleTo } from './receipt.ts';
import { fromEdu, toEdus } from './receipt-edu.ts';
import { type Recorded, receiptsStore as store } from './receipts.store.ts';
import { RecentReceipts } from './recent-receipts.ts';
import { StoredReceipts } from './stored-receipts.service.ts';
import { threadOf } from './thread.ts';

export interface ReceiptsDeps {
  readonly serverName: ServerName;
  readonly db: Database;
  readonly stream: SequencedStream;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly rooms: EphemeralRooms;
  readonly events: Events;
  readonly visible: Pick<Visible, 'toUser'>;
}

export interface Mark {
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly type: ReceiptType;
  readonly eventId: EventId;
  readonly threadId?: string | undefined;
}

/** Receipts in one EDU; no server has a reason for more. */
const MAX_TOLD = 1_000;
/** Of the newest that a server has missed. */
const MAX_RECALLED = 5_000;

/** Of one user of another server in one room: what is kept, and after how many more that is looked at. */
const THREADS = { most: 200, lookAfter: 50 };
const REMEMBERED = 50_000;

/** The stream of receipts. A receipt that says nothing new takes a position, and leaves no row. */
export const openReceiptStream = (db: Database): Promise<SequencedStream> =>
  SequencedStream.open(db, 'receipts', 'receipt_positions');

/** How far everybody has read: https://spec.matrix.org/latest/client-server-api/#receipts */
export class Receipts {
  readonly #deps: ReceiptsDeps;
  readonly #changes: LoggedChanges<RoomNid>;
  readonly #recent: RecentReceipts;
  readonly #stored: StoredReceipts;
  /** Receipts of threads that have come from elsewhere since they were counted last, by room and user. */
  readonly #threads = new LRUCache<string, number>(atMost(REMEMBERED));
  readonly #listeners: ((receipts: readonly Receipt[]) => void)[] = [];

  constructor(deps: ReceiptsDeps) {
    this.#deps = deps;
    this.#changes = new LoggedChanges(deps.stream.settled);
    this.#recent = new RecentReceipts(deps.stream.settled);
    this.#stored = new StoredReceipts(deps.db);
  }

  get stream(): Stream {
    return this.#deps.stream;
  }

  /** Told of those that say something new, once they are durable, and before anybody is woken. */
  onRead(listener: (receipts: readonly Receipt[]) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Somebody of ours has read up to an event. What lies behind where they had read already changes nothing.
   * M_FORBIDDEN outside the room, M_NOT_FOUND for an event that is not of it, M_INVALID_PARAM for one of another thread.
   */
  async acknowledge(mark: Mark): Promise<void> {
    const { clock, rooms } = this.#deps;
    const { userId, type, threadId } = mark;
    const room = await rooms.ofMember(userId, mark.roomId);
    const event = await this.eventFor(userId, room, mark.eventId);
    if (threadId !== undefined) await this.#assertInThread(mark.eventId, threadId);
    const receipt = { roomNid: room.nid, userId, type, threadId, eventId: mark.eventId, ord: event.ord };
    const [recorded] = await this.#record(room, [{ ...receipt, ts: clock.now() }]);
    if (!recorded || type !== 'm.read') return;
    const key = JSON.stringify([userId, threadId]);
    const [content = {}] = toEdus([{ ...recorded, roomId: room.roomId }]);
    await rooms.tell(room, 'm.receipt', { key, content });
  }

  /** An event of the room's timeline; M_NOT_FOUND for any other, and for those that are not for this user. */
  async eventFor(user: UserId, room: Room, eventId: EventId): Promise<StoredEvent> {
    const event = await this.#deps.events.byId(eventId);
    if (event?.roomNid === room.nid && event.ord !== undefined) {
      const [seen] = await this.#deps.visible.toUser(user, room, [event]);
      if (seen) return seen;
    }
    throw new MatrixError('M_NOT_FOUND', 'there is no such event in this room');
  }

  /** Another server reports how far its users have read. It speaks for them only, and in rooms that they are in. */
  async receive(origin: ServerName, edu: JsonObject): Promise<void> {
    const told = fromEdu(edu).slice(0, MAX_TOLD);
    const own = told.filter(({ userId }) => serverOf(userId) === origin);
    const known = await this.#deps.events.byIds(own.map(({ eventId }) => eventId));
    for (const [roomId, receipts] of Map.groupBy(own, (receipt) => receipt.roomId)) {
      const room = await this.#deps.rooms.ofServer(origin, roomId);
      if (!room) continue;
      const joined = await this.#deps.rooms.joinedOf(room, [...new Set(receipts.map(({ userId }) => userId))]);
      const byKey = new Map<string, Receipt>();
      for (const { userId, eventId, threadId, ts } of receipts) {
        if (!joined.has(userId)) continue;
        const event = known.get(eventId);
        const ord = event?.roomNid === room.nid ? event.ord : undefined;
        const key = JSON.stringify([userId, threadId]);
        byKey.set(key, { roomNid: room.nid, userId, type: 'm.read', threadId, eventId, ord, ts });
      }
      if (byKey.size === 0) continue;
      await this.#shorten(room, await this.#record(room, [...byKey.values()], { toldAt: this.#deps.clock.now() }));
    }
  }

  /** Another server may speak of any number of threads: now and then, what it has said of them is shortened. */
  async #shorten(room: Room, recorded: readonly Receipt[]): Promise<void> {
    const many: UserId[] = [];
    for (const [userId, theirs] of Map.groupBy(recorded.filter(isOfThread), (receipt) => receipt.userId)) {
      const key = `${room.nid} ${userId}`;
      const come = (this.#threads.get(key) ?? 0) + theirs.length;
      const isMuch = come >= THREADS.lookAfter;
      this.#threads.set(key, isMuch ? 0 : come);
      if (isMuch) many.push(userId);
    }
    if (many.length > 0) await store.shorten(this.#deps.db, room.nid, many, THREADS.most);
  }

  /** What our users have read since then, in rooms that a server is in: it has been away, and was told nothing. */
  async since(server: ServerName, since: UnixMillis): Promise<readonly Edu[]> {
    const { db, serverName } = this.#deps;
    const told = await store.toldSince(db, { server, since, ofServer: serverName }, MAX_RECALLED);
    return toEdus(told).map((content) => ({ edu_type: 'm.receipt', content }));
  }

  /** The receipts of some rooms that a user may see. */
  async changes(viewer: UserId, rooms: Keys<RoomNid>, range: Range): Promise<Receipt[]> {
    const found = this.#recent.of(rooms, range) ?? (await this.#stored.of(rooms, range));
    return found.filter(visibleTo(viewer));
  }

  /** Answers from memory; wrong only in saying yes. */
  mayHaveChanged(rooms: Keys<RoomNid>, after: Position): boolean {
    return this.#changes.mayAnyHaveChanged(rooms, after);
  }

  async #assertInThread(eventId: EventId, threadId: string): Promise<void> {
    if (eventId === threadId) return;
    const contentOf = async (id: EventId) => (await this.#deps.events.byId(id))?.event.content;
    if ((await threadOf(eventId, contentOf)) === threadId) return;
    throw new MatrixError('M_INVALID_PARAM', 'the event is not in that thread');
  }

  /** Resolves to those that say something new. */
  async #record(room: Room, receipts: readonly Receipt[], told: Omit<Recorded, 'position'> = {}): Promise<Receipt[]> {
    const { db, notifier, rooms, stream } = this.#deps;
    const position = await stream.claimNext();
    let recorded: Receipt[] = [];
    try {
      recorded = await store.put(db, receipts, { position, ...told });
      if (recorded.length > 0) {
        this.#recent.add(position, recorded, told.toldAt === undefined ? 'ours' : 'theirs');
        for (const listener of this.#listeners) listener(recorded);
        this.#changes.note(room.nid, position);
      }
    } finally {
      stream.release(position);
    }
    if (recorded.length > 0) {
      const isPrivate = recorded.every(({ type }) => type === 'm.read.private');
      const readers = isPrivate ? recorded.map(({ userId }) => userId) : await rooms.local(room);
      stream.whenSettled(position, () => notifier.wake(readers));
    }
    return recorded;
  }
}

const isOfThread = ({ threadId }: Receipt): boolean => threadId !== undefined;
