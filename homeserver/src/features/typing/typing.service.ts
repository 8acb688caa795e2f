import { MatrixError } from '@holm/spec/errors';
import { RoomId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Background } from '../../platform/background.ts';
import type { Clock } from '../../platform/clock.ts';
import type { EphemeralRooms } from '../../rooms/members/ephemeral-rooms.ts';
import type { CommitListener } from '../../rooms/commit.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Database } from '../../storage/database.ts';
import { type Keys, LoggedChanges } from '../../streams/logged-changes.ts';
import type { Notifier } from '../../streams/notifier.ts';
import { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position, Range } from '../../streams/stream.ts';
import { typingStore as store } from './typing.store.ts';

export interface TypingDeps {
  readonly serverName: ServerName;
  readonly background: Background;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly rooms: EphemeralRooms;
  readonly db: Database;
}

/** Whoever goes on typing says so again before this is over; clients do every few seconds. */
const MAX_MS = 60_000;
const DEFAULT_MS = 30_000;
/** The rooms remembered: those of which something was told last. */
const MAX_ROOMS = 10_000;
/** Changes that are remembered one by one. */
const REMEMBERED = 10_000;
/** Typing at once in one room; nobody reads more names. */
const MAX_TYPERS = 100;

interface TypingRoom {
  readonly roomId: RoomId;
  /** When the list was last another one. */
  changedAt: Position;
  /** Who is typing, and what ends it. */
  readonly typers: Map<UserId, AbortController>;
}

/**
 * Who is typing where: https://spec.matrix.org/latest/client-server-api/#typing-notifications
 *
 * Kept in memory. What is written down at a stop is where it has changed, so that clients learn after a restart that nobody is
 * typing there any more; a crash leaves them with what they were told last.
 */
export class Typing implements AsyncDisposable {
  readonly #deps: TypingDeps;
  readonly #rooms = new Map<RoomNid, TypingRoom>();
  /** Where the list is another one. */
  readonly #log: LoggedChanges<RoomNid>;
  readonly stream: SequencedStream;

  private constructor(deps: TypingDeps, stream: SequencedStream) {
    this.#deps = deps;
    this.stream = stream;
    this.#log = new LoggedChanges(stream.settled, REMEMBERED);
  }

  static async open(deps: TypingDeps): Promise<Typing> {
    const typing = new Typing(deps, await SequencedStream.open(deps.db, 'typing', 'typing_positions'));
    for (const { room_nid: nid, room_id: roomId, position } of await store.all(deps.db)) {
      typing.#rooms.set(nid, { roomId, changedAt: position, typers: new Map() });
    }
    return typing;
  }

  /** Says of one's own self whether one is typing. M_FORBIDDEN for others, and for rooms that one is not in. */
  async set(user: UserId, roomId: RoomId, typing: { readonly forMs: number | undefined } | 'stopped'): Promise<void> {
    const { rooms } = this.#deps;
    const room = await rooms.ofMember(user, roomId);
    const isTyping = typing !== 'stopped';
    const forMs = isTyping ? Math.min(typing.forMs ?? DEFAULT_MS, MAX_MS) : 0;
    const changed = await this.#put(room, user, forMs);
    if (changed || isTyping) await this.#tellOthers(room, user, forMs > 0);
  }

  /** Another server says it of one of its users; of anybody else's, and from outside the room, it does not count. */
  async receive(origin: ServerName, { room_id: roomId, user_id: user, typing }: JsonObject): Promise<void> {
    if (!RoomId.is(roomId) || !UserId.is(user) || typeof typing !== 'boolean' || serverOf(user) !== origin) return;
    const room = await this.#deps.rooms.ofServer(origin, roomId);
    if (!room || !(await this.#deps.rooms.joinedOf(room, [user])).has(user)) return;
    await this.#put(room, user, typing ? MAX_MS : 0);
  }

  /** Whoever leaves a room has stopped typing in it. */
  readonly listener: CommitListener = ({ room, members }) => {
    for (const { userId, membership } of members) {
      if (membership === 'join' || this.#rooms.get(room.nid)?.typers.has(userId) !== true) continue;
      this.#deps.background.run('somebody has left who was typing', () => this.#put(room, userId, 0));
    }
  };

  /** Rooms of these where the list has changed, with whoever is typing there now. `again`: the reader may think of others. */
  changes(rooms: Keys<RoomNid>, { after, upTo }: Range, again = after > 0): Map<RoomId, UserId[]> {
    const changed = new Map<RoomId, UserId[]>();
    for (const nid of this.#log.among(rooms, after) ?? rooms) {
      const room = this.#rooms.get(nid);
      if (!room || room.changedAt <= after || room.changedAt > upTo) continue;
      // To whoever has not seen the room yet, silence is no news.
      if (again || room.typers.size > 0) changed.set(room.roomId, [...room.typers.keys()]);
    }
    return changed;
  }

  mayHaveChanged(rooms: Keys<RoomNid>, after: Position): boolean {
    return this.#log.mayAnyHaveChanged(rooms, after);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const position = await this.stream.claimNext();
    for (const room of this.#rooms.values()) {
      for (const end of room.typers.values()) end.abort();
      if (room.typers.size > 0) room.changedAt = position;
    }
    await store.replace(
      this.#deps.db,
      [...this.#rooms].map(([nid, { changedAt }]) => ({ nid, changedAt })),
    );
    this.#rooms.clear();
    this.stream.release(position);
  }

  /** Whether the list is another one now. */
  async #put(room: Room, user: UserId, forMs: number): Promise<boolean> {
    const known = this.#rooms.get(room.nid);
    const before = known?.typers.get(user);
    before?.abort();
    if (forMs > 0) {
      const typing = known ?? this.#add(room);
      if (!before && typing.typers.size >= MAX_TYPERS) return false;
      typing.typers.set(user, this.#endAfter(room, user, forMs));
    } else known?.typers.delete(user);
    if ((before !== undefined) === forMs > 0) return false;
    await this.#changed(room);
    return true;
  }

  #endAfter(room: Room, user: UserId, ms: number): AbortController {
    const end = new AbortController();
    void this.#deps.clock.sleep(ms, end.signal).then(() => {
      if (!end.signal.aborted) this.#stopped(room, user);
    });
    return end;
  }

  /** Other servers do not know for how long it was to be: they are told that it is over, too. */
  #stopped(room: Room, user: UserId): void {
    const { background, serverName } = this.#deps;
    background.run('somebody has stopped typing', async () => {
      const changed = await this.#put(room, user, 0);
      if (changed && serverOf(user) === serverName) await this.#tellOthers(room, user, false);
    });
  }

  async #changed(room: Room): Promise<void> {
    const position = await this.stream.claimNext();
    // From here until it is given back nothing is waited for.
    const typing = this.#rooms.get(room.nid);
    if (typing) {
      this.#rooms.delete(room.nid); // the order is that of the last change
      this.#rooms.set(room.nid, typing);
      typing.changedAt = position;
      this.#log.note(room.nid, position);
    }
    this.stream.release(position);
    if (!typing) return;
    this.#deps.notifier.wake(await this.#deps.rooms.local(room));
  }

  #add(room: Room): TypingRoom {
    const added: TypingRoom = { roomId: room.roomId, changedAt: 0 as Position, typers: new Map() };
    this.#rooms.set(room.nid, added);
    if (this.#rooms.size > MAX_ROOMS) this.#dropOldest();
    return added;
  }

  #dropOldest(): void {
    for (const [nid, { typers }] of this.#rooms) {
      for (const end of typers.values()) end.abort();
      this.#rooms.delete(nid);
      return;
    }
  }

  #tellOthers(room: Room, user: UserId, typing: boolean): Promise<void> {
    const content = { room_id: room.roomId, user_id: user, typing };
    return this.#deps.rooms.tell(room, 'm.typing', { key: user, content });
  }
}

/** Nobody may say that somebody else is typing. */
export const assertSelf = (caller: UserId, user: UserId): void => {
  if (caller !== user) throw new MatrixError('M_FORBIDDEN', 'you can only say that you are typing yourself');
};
