import { type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { Notifier } from '../../streams/notifier.ts';
import type { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position } from '../../streams/stream.ts';
import type { Circles, Move } from './circles.service.ts';
import { EarlyWords } from './early-words.ts';
import type { Hearsay } from './hearsay.ts';
import { type KnownStatuses, rowsOf } from './known-statuses.service.ts';
import type { PresenceNews } from './presence-news.service.ts';
import { presenceStore as store } from './presence.store.ts';
import { isNews, type Status } from './status.ts';
import type { PresenceTelemetry } from './telemetry.ts';
import type { ToldElsewhere } from './told-elsewhere.service.ts';

export interface TellingDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly serverName: ServerName;
  readonly stream: SequencedStream;
  readonly circles: Circles;
  readonly known: KnownStatuses;
  readonly hearsay: Hearsay;
  readonly news: PresenceNews;
  readonly elsewhere: ToldElsewhere;
  readonly telemetry: PresenceTelemetry;
  /** How a user of ours is. */
  readonly statusOf: (user: UserId) => Status;
}

/** What a round looks at. */
export interface Collected {
  /** Users of ours who may have changed. */
  readonly dirty: ReadonlySet<UserId>;
  /** Users of ours of whom other servers have not heard for long. */
  readonly repeated: ReadonlySet<UserId>;
  /** Those that are found on the way are added. */
  readonly moves: Move[];
}

/** What other servers have to be told of what a round has found. */
interface Found extends Pick<Collected, 'repeated'> {
  readonly changes: ReadonlyMap<UserId, Status>;
  readonly arrivals: readonly Move[];
}

/** Servers that have left every room with somebody believe what they were told for so long. */
const STALE_MS = 30 * 60_000;

/**
 * Finds what has changed since the last round, writes it down, and tells it, in this order: nobody knows what a crash makes
 * forgotten.
 */
export class Telling {
  readonly #deps: TellingDeps;
  readonly #early = new EarlyWords();

  constructor(deps: TellingDeps) {
    this.#deps = deps;
  }

  async round({ dirty, repeated, moves }: Collected): Promise<void> {
    const { circles, clock, db, hearsay, known, stream } = this.#deps;
    const heard = hearsay.round();
    moves.push(...(await circles.reunited()));
    const moved = moves.flatMap(({ userId }) => (known.get(userId) ? [userId] : []));
    await circles.load([...dirty, ...heard.keys(), ...moved]);
    const arrivals = moves.filter(({ isArrival }) => isArrival);
    const now = clock.now();
    const changes = this.#changes({ dirty, heard, arrivals }, now);
    const position = await stream.claimNext();
    try {
      if (changes.size > 0) await store.put(db, rowsOf(changes, { position, now }));
      // From here on nothing is waited for.
      known.put(changes, { position, now });
      // What was heard counted until now, for who asked meanwhile.
      hearsay.forget(heard);
      this.#tellHere([...dirty, ...moves.map(({ userId }) => userId)], changes, position);
    } finally {
      stream.release(position);
    }
    this.#tellElsewhere({ changes, repeated, arrivals }, now);
  }

  #changes(
    {
      dirty,
      heard,
      arrivals,
    }: Pick<Collected, 'dirty'> & { heard: ReadonlyMap<UserId, Status>; arrivals: readonly Move[] },
    now: UnixMillis,
  ): Map<UserId, Status> {
    const { known } = this.#deps;
    const changes = new Map([...this.#changedHere(dirty), ...this.#changedElsewhere(heard, now)]);
    for (const { userId } of arrivals) {
      if (changes.has(userId)) continue;
      // Whoever is met again may have been told something else before.
      const status = known.get(userId)?.status ?? this.#early.take(userId, now);
      if (status) changes.set(userId, status);
    }
    return changes;
  }

  #changedHere(dirty: ReadonlySet<UserId>): (readonly [UserId, Status])[] {
    return [...dirty].flatMap((user) => {
      const status = this.#deps.statusOf(user);
      return isNews(this.#deps.known.get(user)?.status, status) ? [[user, status] as const] : [];
    });
  }

  #changedElsewhere(heard: ReadonlyMap<UserId, Status>, now: UnixMillis): (readonly [UserId, Status])[] {
    const { circles, known } = this.#deps;
    return [...heard].flatMap(([user, status]) => {
      const before = known.get(user)?.status;
      if (before === undefined && !circles.isSomewhere(user)) {
        this.#early.keep(user, status, now);
        return [];
      }
      if (!known.mayAdd(user)) return [];
      if (isNews(before, status)) return [[user, status] as const];
      known.repeated(user, status, now);
      return [];
    });
  }

  /** Wakes who shares a room with those who have changed, and others for whom there may be something. */
  #tellHere(others: readonly UserId[], changes: ReadonlyMap<UserId, Status>, position: Position): void {
    const { circles, news, notifier, serverName, stream, telemetry } = this.#deps;
    const isOurs = (user: UserId) => serverOf(user) === serverName;
    const woken = new Set(others.filter(isOurs));
    for (const user of changes.keys()) for (const reader of circles.around(user)) if (isOurs(reader)) woken.add(reader);
    news.note(woken, position);
    stream.whenSettled(position, () => notifier.wake(woken));
    telemetry.told('user', woken.size);
  }

  #tellElsewhere({ changes, repeated, arrivals }: Found, now: UnixMillis): void {
    const { elsewhere, known, serverName, statusOf, telemetry } = this.#deps;
    const told = new Map([...changes].filter(([user]) => serverOf(user) === serverName));
    for (const user of repeated) {
      const status = statusOf(user);
      known.repeated(user, status, now);
      told.set(user, status);
    }
    const strangers = arrivals.filter(({ server }) => server !== serverName);
    telemetry.told('server', elsewhere.tell(told, this.#introduced(strangers, now), now));
  }

  /** A server that has come into a room has not heard of who of ours is in it, or not lately. */
  #introduced(arrivals: readonly Move[], now: UnixMillis): Map<ServerName, Map<UserId, Status>> {
    const { circles, known, serverName } = this.#deps;
    const introduced = new Map<ServerName, Map<UserId, Status>>();
    for (const { server, room } of arrivals) {
      const met = introduced.get(server) ?? new Map<UserId, Status>();
      for (const user of circles.membersOf(room)) {
        const one = serverOf(user) === serverName ? known.get(user) : undefined;
        if (one && (one.status.state !== 'offline' || now - one.saidAt < STALE_MS)) met.set(user, one.status);
      }
      introduced.set(server, met);
    }
    return introduced;
  }
}
