import type { UserId } from '@holm/spec/ids';
import { LastChanges } from '../../streams/last-changes.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { Circles } from './circles.service.ts';
import type { KnownStatuses } from './known-statuses.service.ts';
import type { Moves } from './moves.service.ts';
import type { Status } from './status.ts';

export interface PresenceNewsDeps {
  readonly circles: Pick<Circles, 'load' | 'share' | 'around' | 'reachOf' | 'membersOf'>;
  readonly known: KnownStatuses;
  readonly moves: Moves;
}

/** What readers are to be told of others. */
export class PresenceNews {
  readonly #deps: PresenceNewsDeps;
  /** For whom there was news last. */
  readonly #last: LastChanges<UserId>;

  constructor(deps: PresenceNewsDeps, from: Position) {
    this.#deps = deps;
    this.#last = new LastChanges(from);
  }

  note(readers: Iterable<UserId>, position: Position): void {
    for (const reader of readers) this.#last.note(reader, position);
  }

  /** Answers from memory. */
  mayBeFor(reader: UserId, after: Position): boolean {
    return this.#last.mayHaveChanged(reader, after);
  }

  /** Everybody who shares a room with a reader and has changed: how they are now. From 0: who is not offline. */
  async of(reader: UserId, range: Range): Promise<ReadonlyMap<UserId, Status>> {
    const { circles, known } = this.#deps;
    await circles.load([reader]);
    const found = new Map<UserId, Status>();
    for (const user of this.#met(reader, range)) {
      const status = known.get(user)?.status;
      if (status && status.state !== 'offline') found.set(user, status);
    }
    for (const user of this.#changed(reader, range)) {
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

  /** Who was already in rooms that the reader has come into. */
  *#met(reader: UserId, range: Range): Iterable<UserId> {
    const { circles, moves } = this.#deps;
    for (const room of moves.metIn(reader, range)) yield* circles.membersOf(room);
  }
}

/** To who knows nothing yet, that somebody is offline is no news. */
const isIn = ({ after, upTo }: Range, { status, changedAt }: { status: Status; changedAt: Position }): boolean =>
  changedAt > after && changedAt <= upTo && (after > 0 || status.state !== 'offline');
