import { MatrixError } from '@holm/spec/errors';
import { type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Outbox } from '../../federation/outbox/outbox.ts';
import type { Caller } from '../../http/route.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { CommitListener } from '../../rooms/commit.ts';
import type { Database } from '../../storage/database.ts';
import type { Notifier } from '../../streams/notifier.ts';
import { type Position, Stream } from '../../streams/stream.ts';
import { Attendance } from './attendance.service.ts';
import { Circles, type Move } from './circles.service.ts';
import { Hearsay } from './hearsay.ts';
import type { KnownStatuses } from './known-statuses.service.ts';
import { Moves } from './moves.service.ts';
import { PresenceNews } from './presence-news.service.ts';
import { presenceStore as store } from './presence.store.ts';
import { Rounds } from './rounds.ts';
import { isNews, OFFLINE, type PresenceState, type Status } from './status.ts';
import { type PresenceTelemetry, presenceTelemetry } from './telemetry.ts';
import { ToldElsewhere } from './told-elsewhere.service.ts';

export interface PresenceSettings {
  /** Rooms with more members than that do not count; 0 if all do. */
  readonly maxRoomMembers: number;
  readonly idleAfterMs: number;
}

export interface PresenceDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly background: Background;
  readonly notifier: Notifier;
  readonly metrics: Metrics;
  readonly serverName: ServerName;
  /** Absent where other servers are not told. */
  readonly outbox: Pick<Outbox, 'sendEdu'> | undefined;
  readonly settings: PresenceSettings;
}

/** Changes are told together, that often at most; and that often it is looked who has become idle. */
const ROUND_MS = 5_000;
/** Who was here before a restart and has not come back by then is gone. */
const GRACE_MS = 60_000;
/** What other servers said holds for so long, and they are told again before they think so of ours. */
const BELIEVED_MS = 30 * 60_000;
const REPEATED_MS = 25 * 60_000;
const KEPT_MS = 30 * 86_400_000;

/**
 * Who is online: https://spec.matrix.org/latest/client-server-api/#presence
 *
 * Kept in memory. What changes is collected and told in rounds, to those who share a room; it is written down behind that,
 * so that people whose clients come back after a restart have not been away.
 */
export class Presence implements Disposable {
  readonly #deps: PresenceDeps;
  readonly #attendance: Attendance;
  readonly #circles: Circles;
  readonly #known: KnownStatuses;
  readonly #moves = new Moves();
  readonly #rounds: Rounds;
  readonly #elsewhere: ToldElsewhere;
  readonly #telemetry: PresenceTelemetry;
  readonly #stop = new AbortController();
  readonly #graceUntil: number;
  readonly news: PresenceNews;
  readonly stream: Stream;
  /** To be looked at in the next round: users of ours, and what others said of theirs. */
  #dirty = new Set<UserId>();
  readonly #hearsay = new Hearsay();
  /** Users of ours of whom other servers have not heard for long. */
  #repeated = new Set<UserId>();

  /** `last`: the newest position in use. */
  constructor(deps: PresenceDeps, known: KnownStatuses, last: Position) {
    const { clock, serverName, metrics } = deps;
    this.#deps = deps;
    this.#known = known;
    this.#graceUntil = clock.now() + GRACE_MS;
    // Positions are times, so that those of an earlier run are lower even if nothing was written down.
    this.stream = new Stream('presence', Math.max(clock.now(), last));
    this.#circles = new Circles({
      ...deps,
      maxRoomMembers: deps.settings.maxRoomMembers,
      onMove: (move) => {
        if (!move.wasLoaded && (!move.isArrival || move.server === serverName)) return;
        this.#moves.add(move);
        this.#rounds.ask();
      },
    });
    this.news = new PresenceNews({ circles: this.#circles, known, moves: this.#moves }, this.stream.settled);
    this.#attendance = new Attendance({
      clock,
      limits: deps.settings,
      before: (user) => known.get(user)?.status,
      onChange: (user) => this.#look(user),
    });
    this.#rounds = new Rounds({ ...deps, everyMs: ROUND_MS, work: () => this.#round() });
    this.#elsewhere = new ToldElsewhere({ ...deps, circles: this.#circles });
    this.#telemetry = presenceTelemetry(metrics, () => this.#attendance.size);
    void this.#watch();
  }

  /** Follows who comes into rooms, and leaves them. */
  get listener(): CommitListener {
    return this.#circles.listener;
  }

  /** A client follows the stream until the end of that. */
  follow(client: Pick<Caller, 'userId' | 'deviceId'>, said: PresenceState): Disposable {
    // Who is not seen sees others all the same.
    if (!this.#circles.has(client.userId)) this.#look(client.userId);
    return this.#attendance.follow(client, said);
  }

  set(client: Caller, state: PresenceState, message: string | undefined): void {
    this.#attendance.set(client, state, message);
  }

  act(client: Caller): void {
    this.#attendance.act(client);
  }

  ended(user: UserId, devices: readonly Caller['deviceId'][]): void {
    this.#attendance.end(user, devices);
  }

  erase(user: UserId): void {
    this.#attendance.erase(user);
  }

  /** How somebody is at this moment. M_FORBIDDEN for who shares no room with them that counts. */
  async of(viewer: UserId, user: UserId): Promise<Status> {
    await this.#circles.load([viewer, user]);
    if (!this.#circles.share(viewer, user)) {
      throw new MatrixError('M_FORBIDDEN', 'you share no room with them in which you could see this');
    }
    return this.#hearsay.of(user) ?? this.#attendance.status(user) ?? this.#known.get(user)?.status ?? OFFLINE;
  }

  /** Another server says how its users are. */
  receive(origin: ServerName, content: JsonObject): Promise<void> {
    const { heard, dropped } = this.#hearsay.hear(origin, content, this.#deps.clock.now());
    this.#telemetry.dropped(dropped);
    if (heard > 0) this.#rounds.ask();
    return Promise.resolve();
  }

  /** Writes down what has changed. */
  async save(): Promise<void> {
    const rows = this.#known.takeUnwritten();
    if (rows.length === 0) return;
    try {
      await this.#deps.db.transact((tx) => store.put(tx, rows));
    } catch (error) {
      this.#known.untake(rows);
      throw error;
    }
  }

  async trim(): Promise<void> {
    const { db, clock, serverName } = this.#deps;
    await db.transact((tx) => store.trim(tx, (clock.now() - KEPT_MS) as Position, serverName));
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#rounds[Symbol.dispose]();
  }

  async #round(): Promise<void> {
    const { clock, serverName } = this.#deps;
    const [dirty, heard, repeated] = [this.#dirty, this.#hearsay.round(), this.#repeated];
    const moves = this.#moves.take();
    this.#dirty = new Set();
    this.#repeated = new Set();
    await this.#circles.load([
      ...dirty,
      ...heard.keys(),
      ...moves.filter(({ wasLoaded }) => wasLoaded).map(({ userId }) => userId),
    ]);
    // What is heard counts until it is known, for who asks meanwhile. From here on nothing is waited for.
    this.#hearsay.forget(heard);
    const now = clock.now();
    const changes = new Map([...this.#changedHere(dirty), ...this.#changedElsewhere(heard)]);
    const arrivals = moves.filter(({ isArrival }) => isArrival);
    for (const { userId } of arrivals) {
      const status = this.#known.get(userId)?.status;
      if (status && status.state !== 'offline' && !changes.has(userId)) changes.set(userId, status);
    }
    const position = this.stream.claim();
    this.#known.put(changes, { position, now });
    const met = arrivals.filter(({ server }) => server === serverName);
    this.#moves.met(met, position);
    this.#wake([...dirty, ...met.map(({ userId }) => userId)], changes, position);
    for (const user of dirty) this.#attendance.told(user, now);
    this.#tellElsewhere({ changes, repeated, arrivals }, now);
  }

  #changedHere(dirty: ReadonlySet<UserId>): (readonly [UserId, Status])[] {
    return [...dirty].flatMap((user) => {
      const status = this.#statusOf(user);
      return isNews(this.#known.get(user)?.status, status) ? [[user, status] as const] : [];
    });
  }

  #changedElsewhere(heard: ReadonlyMap<UserId, Status>): (readonly [UserId, Status])[] {
    const now = this.#deps.clock.now();
    return [...heard].flatMap(([user, status]) => {
      if (!this.#circles.isSomewhere(user) || !this.#known.mayAdd(user)) return [];
      if (isNews(this.#known.get(user)?.status, status)) return [[user, status] as const];
      this.#known.repeated(user, status, now);
      return [];
    });
  }

  /** Wakes who shares a room with those who have changed, and others for whom there may be something. */
  #wake(others: readonly UserId[], changes: ReadonlyMap<UserId, Status>, position: Position): void {
    const { notifier, serverName } = this.#deps;
    const woken = new Set(others);
    for (const user of changes.keys()) {
      for (const reader of this.#circles.around(user)) if (serverOf(reader) === serverName) woken.add(reader);
    }
    this.news.note(woken, position);
    this.stream.release(position);
    notifier.wake(woken);
    this.#telemetry.told('user', woken.size);
  }

  #tellElsewhere(
    {
      changes,
      repeated,
      arrivals,
    }: { changes: ReadonlyMap<UserId, Status>; repeated: ReadonlySet<UserId>; arrivals: readonly Move[] },
    now: UnixMillis,
  ): void {
    const { serverName } = this.#deps;
    const isOurs = (user: UserId) => serverOf(user) === serverName;
    const told = new Map([...changes].filter(([user]) => isOurs(user)));
    for (const user of repeated) {
      const status = this.#statusOf(user);
      this.#known.repeated(user, status, now);
      told.set(user, status);
    }
    const introduced = this.#introduced(arrivals.filter(({ server }) => server !== serverName));
    this.#telemetry.told('server', this.#elsewhere.tell(told, introduced, now));
  }

  /** A server that has come into a room has not heard of who of ours is in it. */
  #introduced(arrivals: readonly Move[]): Map<ServerName, Map<UserId, Status>> {
    const introduced = new Map<ServerName, Map<UserId, Status>>();
    for (const { server, room } of arrivals) {
      const met = introduced.get(server) ?? new Map<UserId, Status>();
      for (const user of this.#circles.membersOf(room)) {
        const status = serverOf(user) === this.#deps.serverName ? this.#known.get(user)?.status : undefined;
        if (status && status.state !== 'offline') met.set(user, status);
      }
      introduced.set(server, met);
    }
    return introduced;
  }

  #look(user: UserId): void {
    this.#dirty.add(user);
    this.#rounds.ask();
  }

  /** Sees who has become idle or has gone, without anybody saying so. */
  async #watch(): Promise<void> {
    const { clock } = this.#deps;
    for (;;) {
      await clock.sleep(ROUND_MS, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      for (const user of this.#attendance.all()) {
        if (isNews(this.#known.get(user)?.status, this.#statusOf(user))) this.#look(user);
        else if (!this.#dirty.has(user)) this.#attendance.told(user, clock.now());
      }
      for (const [user, { status, saidAt }] of this.#known.all()) {
        if (status.state !== 'offline') this.#expire(user, clock.now() - saidAt);
      }
    }
  }

  #expire(user: UserId, silentMs: number): void {
    const isOurs = serverOf(user) === this.#deps.serverName;
    const status = this.#known.get(user)?.status ?? OFFLINE;
    if (isOurs && this.#statusOf(user).state === 'offline') this.#look(user);
    else if (isOurs && silentMs > REPEATED_MS) {
      this.#repeated.add(user);
      this.#rounds.ask();
    } else if (!isOurs && silentMs > BELIEVED_MS) {
      this.#hearsay.suppose(user, { ...status, state: 'offline', isActive: false });
      this.#rounds.ask();
    }
  }

  /** How a user of ours is. */
  #statusOf(user: UserId): Status {
    const here = this.#attendance.status(user);
    if (here) return here;
    const before = this.#known.get(user)?.status ?? OFFLINE;
    return this.#deps.clock.now() < this.#graceUntil ? before : { ...before, state: 'offline', isActive: false };
  }
}
