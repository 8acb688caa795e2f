import type { UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { Move } from './circles.service.ts';

interface Meeting {
  readonly position: Position;
  readonly user: UserId;
  readonly room: RoomNid;
}

const MAX_MEETINGS = 10_000;
/** Between two rounds. Who comes when there are more is told of others when these do something. */
const MAX_MOVES = 10_000;

/** Comings and goings: who comes into a room has to hear of those who are there. */
export class Moves {
  #waiting: Move[] = [];
  #meetings: Meeting[] = [];

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
    for (const { userId, room } of arrivals) this.#meetings.push({ position, user: userId, room });
    if (this.#meetings.length > MAX_MEETINGS) this.#meetings = this.#meetings.slice(-MAX_MEETINGS);
  }

  /** Rooms that somebody came into. */
  metIn(user: UserId, { after, upTo }: Range): RoomNid[] {
    return this.#meetings.flatMap((meeting) =>
      meeting.user === user && meeting.position > after && meeting.position <= upTo ? [meeting.room] : [],
    );
  }
}
