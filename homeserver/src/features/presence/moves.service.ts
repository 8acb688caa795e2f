import type { UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { Move } from './circles.service.ts';

interface Meeting {
  readonly position: Position;
  readonly room: RoomNid;
}

const MAX_MEETINGS = 10_000;
/** Between two rounds. Who comes when there are more is told of others when these do something. */
const MAX_MOVES = 10_000;

/** Comings and goings: who comes into a room has to hear of those who are there. */
export class Moves {
  #waiting: Move[] = [];
  /** By who came, those last who came last. */
  readonly #meetings = new Map<UserId, Meeting[]>();
  #count = 0;

  add(move: Move): void {
    if (this.#waiting.length < MAX_MOVES) this.#waiting.push(move);
  }

  take(): readonly Move[] {
    const moves = this.#waiting;
    this.#waiting = [];
    return moves;
  }

  /** Users of ours have come into rooms; told from a position on. */
  met(arrivals: readonly Move[], position: Position): void {
    for (const { userId, room } of arrivals) {
      const meetings = this.#meetings.get(userId) ?? [];
      meetings.push({ position, room });
      this.#meetings.delete(userId);
      this.#meetings.set(userId, meetings);
      this.#count += 1;
    }
    for (const [user, { length }] of this.#meetings) {
      if (this.#count <= MAX_MEETINGS) return;
      this.#meetings.delete(user);
      this.#count -= length;
    }
  }

  /** Rooms that somebody came into. */
  metIn(user: UserId, { after, upTo }: Range): RoomNid[] {
    const meetings = this.#meetings.get(user) ?? [];
    return meetings.flatMap(({ position, room }) => (position > after && position <= upTo ? [room] : []));
  }
}
