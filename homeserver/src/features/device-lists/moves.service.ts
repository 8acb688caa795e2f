import type { UserId } from '@holm/spec/ids';
import type { RoomNid } from '../../rooms/model.ts';
import type { Position, Range } from '../../streams/stream.ts';

/** Somebody has come into a room, or is not in it any more. */
export interface Move {
  readonly roomNid: RoomNid;
  readonly userId: UserId;
  readonly kind: 'joined' | 'left';
  /** In the stream of rooms' events. */
  readonly position: Position;
}

const REMEMBERED = 20_000;

/** The last comings and goings, so that whoever follows the stream need not ask the database for them. */
export class Moves {
  #moves: Move[] = [];
  /** From here on nothing is missing. */
  #from: Position;

  constructor(from: Position) {
    this.#from = from;
  }

  add(move: Move): void {
    this.#moves.push(move);
    if (this.#moves.length < 2 * REMEMBERED) return;
    const dropped = this.#moves.splice(0, REMEMBERED);
    for (const { position } of dropped) this.#from = Math.max(this.#from, position) as Position;
  }

  /** What happened in a stretch of the stream; undefined if not all of it is remembered. */
  in({ after, upTo }: Range): Move[] | undefined {
    if (after < this.#from) return undefined;
    // Positions are nearly in order: steps of different rooms commit a little late, never by thousands.
    const recent = this.#moves.findLastIndex(({ position }) => position <= after - SLACK) + 1;
    return this.#moves.slice(recent).filter(({ position }) => position > after && position <= upTo);
  }
}

const SLACK = 5_000;
