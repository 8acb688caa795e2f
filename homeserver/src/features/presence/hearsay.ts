import type { ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { UnixMillis } from '../../platform/clock.ts';
import { fromEdu } from './presence-edu.ts';
import type { Status } from './status.ts';

/** Said by other servers between two rounds: of one of them, and in total. */
const MAX = { perServer: 2_000, all: 20_000 };

/** What other servers have said of their users since the last round. Of one user the newest counts. */
export class Hearsay {
  readonly #statuses = new Map<UserId, Status>();
  #from = new Map<ServerName, number>();

  /** Gives how many users were spoken of, and of how many of them nothing is kept because it is too much. */
  hear(origin: ServerName, content: JsonObject, now: UnixMillis): { readonly heard: number; readonly dropped: number } {
    const from = this.#from.get(origin) ?? 0;
    const room = Math.max(0, Math.min(MAX.perServer - from, MAX.all - this.#statuses.size));
    const said = [...fromEdu(content, origin, now)];
    for (const [user, status] of said.slice(0, room)) this.#statuses.set(user, status);
    this.#from.set(origin, from + said.length);
    return { heard: said.length, dropped: Math.max(0, said.length - room) };
  }

  /** What nobody has said, but has to be taken for true. */
  suppose(user: UserId, status: Status): void {
    this.#statuses.set(user, status);
  }

  of(user: UserId): Status | undefined {
    return this.#statuses.get(user);
  }

  /** All of it, for a new round. It stays until it is forgotten. */
  round(): ReadonlyMap<UserId, Status> {
    this.#from = new Map();
    return new Map(this.#statuses);
  }

  /** Unless something newer was said meanwhile. */
  forget(statuses: ReadonlyMap<UserId, Status>): void {
    for (const [user, status] of statuses) if (this.#statuses.get(user) === status) this.#statuses.delete(user);
  }
}
