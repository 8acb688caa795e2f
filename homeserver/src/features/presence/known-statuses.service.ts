import { type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Position, Range } from '../../streams/stream.ts';
import type { PresenceRow } from './presence.store.ts';
import type { Status } from './status.ts';

interface Known {
  readonly status: Status;
  readonly changedAt: Position;
  /** When others were told of it, or told us. */
  readonly saidAt: UnixMillis;
}

interface Round {
  readonly position: Position;
  readonly users: readonly UserId[];
}

/** Whose presence is remembered, of all servers and of each. */
export const MAX_KNOWN = 50_000;
const MAX_PER_SERVER = 10_000;
const ROUNDS = 100;

/** How everybody is, as it was told last, in the order of when it changed. */
export class KnownStatuses {
  readonly #us: ServerName;
  readonly #all = new Map<UserId, Known>();
  readonly #perServer = new Map<ServerName, number>();
  #rounds: Round[] = [];

  constructor(us: ServerName) {
    this.#us = us;
  }

  get(user: UserId): Known | undefined {
    return this.#all.get(user);
  }

  get size(): number {
    return this.#all.size;
  }

  *all(): Iterable<readonly [UserId, Known]> {
    yield* this.#all;
  }

  /** Whether there is room for one more user of a server. */
  mayAdd(user: UserId): boolean {
    const server = serverOf(user);
    return server === this.#us || this.#all.has(user) || (this.#perServer.get(server) ?? 0) < MAX_PER_SERVER;
  }

  put(changes: ReadonlyMap<UserId, Status>, at: { readonly position: Position; readonly now: UnixMillis }): void {
    for (const [user, status] of changes) this.#set(user, { status, changedAt: at.position, saidAt: at.now });
    this.#rounds.push({ position: at.position, users: [...changes.keys()] });
    if (this.#rounds.length > ROUNDS) this.#rounds.shift();
  }

  /** It has been said again that somebody is as they were. */
  repeated(user: UserId, status: Status, now: UnixMillis): void {
    const known = this.#all.get(user);
    if (known) this.#all.set(user, { ...known, status, saidAt: now });
  }

  /** How many changed in a range that is not long ago, or a few more; undefined where that is not remembered. */
  countIn(range: Range): number | undefined {
    return this.#roundsIn(range)?.reduce((sum, { users }) => sum + users.length, 0);
  }

  /** Who changed in a range that is not long ago. */
  changedIn(range: Range): Set<UserId> {
    return new Set(this.#roundsIn(range)?.flatMap(({ users }) => users));
  }

  #roundsIn({ after, upTo }: Range): readonly Round[] | undefined {
    const [first] = this.#rounds;
    if (after === 0 || first === undefined || after < first.position) return undefined;
    return this.#rounds.filter(({ position }) => position > after && position <= upTo);
  }

  restore(rows: readonly PresenceRow[], now: UnixMillis): void {
    for (const row of rows) {
      const { state, last_active: lastActive, status_msg: message, is_active: isActive } = row;
      const status = { state, lastActiveAt: lastActive ?? undefined, isActive, message: message ?? undefined };
      this.#set(row.user_id, { status, changedAt: row.position, saidAt: now });
    }
  }

  #set(user: UserId, known: Known): void {
    const isNew = !this.#all.delete(user);
    this.#all.set(user, known);
    if (isNew) this.#count(user, 1);
    if (this.#all.size > MAX_KNOWN) this.#forgetOldest();
  }

  /** The oldest, but that somebody here is online is remembered as long as they are. */
  #forgetOldest(): void {
    for (const [user, { status }] of this.#all) {
      if (status.state !== 'offline' && serverOf(user) === this.#us) continue;
      this.#all.delete(user);
      this.#count(user, -1);
      return;
    }
  }

  #count(user: UserId, difference: number): void {
    const server = serverOf(user);
    const count = (this.#perServer.get(server) ?? 0) + difference;
    if (count > 0) this.#perServer.set(server, count);
    else this.#perServer.delete(server);
  }
}

/** What is to be written down of changes. */
export const rowsOf = (
  changes: ReadonlyMap<UserId, Status>,
  at: { readonly position: Position; readonly now: UnixMillis },
): PresenceRow[] =>
  [...changes].map(([user, { state, lastActiveAt, isActive, message }]) => ({
    user_id: user,
    state,
    last_active: lastActiveAt ?? null,
    status_msg: message?.replaceAll('\0', '') ?? null,
    is_active: isActive,
    changed_at: at.now,
    position: at.position,
  }));
