import { MatrixError } from '@holm/spec/errors';
import { type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Outbox } from '../../federation/outbox/outbox.ts';
import type { Caller } from '../../http/route.ts';
import type { Background } from '../../platform/background.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { Rounds } from '../../platform/rounds.ts';
import type { CommitListener } from '../../rooms/commit.ts';
import type { UserRooms } from '../../rooms/members/user-rooms.ts';
import type { Database } from '../../storage/database.ts';
import type { Notifier } from '../../streams/notifier.ts';
import type { SequencedStream } from '../../streams/sequenced-stream.ts';
import type { Position, Stream } from '../../streams/stream.ts';
import { Attendance } from './attendance.service.ts';
import { Circles, type Move } from './circles.service.ts';
import { Hearsay } from './hearsay.ts';
import type { KnownStatuses } from './known-statuses.service.ts';
import { PresenceNews, type PresenceNewsDeps } from './presence-news.service.ts';
import { presenceStore as store } from './presence.store.ts';
import { isNews, OFFLINE, type PresenceState, type Status } from './status.ts';
import { type PresenceTelemetry, presenceTelemetry } from './telemetry.ts';
import { Telling } from './telling.service.ts';
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
  readonly stream: SequencedStream;
  /** The stream of rooms' events. */
  readonly timeline: Pick<Stream, 'settled'>;
  readonly userRooms: Pick<UserRooms, 'of'>;
}

/** Changes are told together, that often at most; and that often it is looked who has become idle. */
const ROUND_MS = 5_000;
/** Who was here before a restart and has not come back by then is gone. */
const GRACE_MS = 60_000;
/** What other servers said holds for so long, and they are told again before they think so of ours. */
const BELIEVED_MS = 30 * 60_000;
const REPEATED_MS = 25 * 60_000;
const KEPT_MS = 30 * 86_400_000;
/** Comings and goings between two rounds. Who comes when there are more is told of when they do something. */
const MAX_MOVES = 10_000;
const PLACED_AT_ONCE = 1_000;

/**
 * Who is online: https://spec.matrix.org/latest/client-server-api/#presence
 *
 * Kept in memory. What changes is collected and told in rounds, to those who share a room; it is written down before that,
 * so that people whose clients come back after a restart have not been away.
 */
export class Presence implements AsyncDisposable {
  readonly #deps: PresenceDeps;
  readonly #attendance: Attendance;
  readonly #circles: Circles;
  readonly #known: KnownStatuses;
  readonly #rounds: Rounds;
  readonly #telemetry: PresenceTelemetry;
  readonly #stop = new AbortController();
  readonly #graceUntil: number;
  readonly #telling: Telling;
  readonly news: PresenceNews;
  /** To be looked at in the next round: users of ours, and what others said of theirs. */
  #dirty = new Set<UserId>();
  readonly #hearsay = new Hearsay();
  /** Users of ours of whom other servers have not heard for long. */
  #repeated = new Set<UserId>();
  #moves: Move[] = [];

  constructor(deps: PresenceDeps, known: KnownStatuses) {
    const { clock, serverName, metrics, stream, timeline } = deps;
    this.#deps = deps;
    this.#known = known;
    this.#graceUntil = clock.now() + GRACE_MS;
    this.#circles = new Circles({
      ...deps,
      maxRoomMembers: deps.settings.maxRoomMembers,
      onMove: (move, position) => this.#moved(move, position),
      // What was told before, while they were unknown, was not noted for them.
      onLoad: (users) => {
        const ours = users.filter((user) => serverOf(user) === serverName);
        this.news.note(ours, stream.settled);
      },
      onDoubt: () => this.#rounds.ask(),
    });
    const from = { presence: stream.settled, timeline: timeline.settled };
    const changedAmong: PresenceNewsDeps['changedAmong'] = (rooms, range) => store.changedAmong(deps.db, rooms, range);
    this.news = new PresenceNews({ ...deps, circles: this.#circles, known, changedAmong }, from);
    this.#attendance = new Attendance({
      clock,
      limits: deps.settings,
      before: (user) => known.get(user)?.status,
      onChange: (user) => this.#look(user),
    });
    this.#rounds = new Rounds({ ...deps, name: 'tell of presence', everyMs: ROUND_MS, work: () => this.#round() });
    this.#telemetry = presenceTelemetry(metrics, () => this.#attendance.size);
    this.#telling = new Telling({
      ...deps,
      known,
      circles: this.#circles,
      hearsay: this.#hearsay,
      news: this.news,
      elsewhere: new ToldElsewhere({ ...deps, circles: this.#circles }),
      telemetry: this.#telemetry,
      statusOf: (user) => this.#statusOf(user),
    });
    void this.#watch();
  }

  /** Learns where those are who are not offline, so that whoever asks is told of them. */
  async place(): Promise<void> {
    const here = [...this.#known.all()].flatMap(([user, { status }]) => (status.state === 'offline' ? [] : [user]));
    for (let i = 0; i < here.length; i += PLACED_AT_ONCE) {
      await this.#circles.load(here.slice(i, i + PLACED_AT_ONCE));
    }
  }

  get stream(): Stream {
    return this.#deps.stream;
  }

  /** Follows who comes into rooms, and leaves them. */
  get listener(): CommitListener {
    return this.#circles.listener;
  }

  /** A client follows the stream until the end of that. */
  follow(client: Pick<Caller, 'userId' | 'deviceId'>, said: PresenceState | undefined): Disposable {
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

  async trim(): Promise<void> {
    const { db, clock, serverName } = this.#deps;
    await db.transact((tx) => store.trim(tx, (clock.now() - KEPT_MS) as UnixMillis, serverName));
  }

  /** What has not been told yet is written down, so that it will be after a restart. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#rounds[Symbol.asyncDispose]();
  }

  async #round(): Promise<void> {
    const collected = { dirty: this.#dirty, repeated: this.#repeated, moves: this.#moves };
    this.#dirty = new Set();
    this.#repeated = new Set();
    this.#moves = [];
    try {
      await this.#telling.round(collected);
    } catch (error) {
      for (const user of collected.dirty) this.#dirty.add(user);
      for (const user of collected.repeated) this.#repeated.add(user);
      this.#moves.unshift(...collected.moves);
      this.#rounds.ask();
      throw error;
    }
    const now = this.#deps.clock.now();
    for (const user of collected.dirty) this.#attendance.told(user, now);
  }

  #moved(move: Move, position: Position): void {
    const { serverName } = this.#deps;
    const isKnown = move.isLoaded || this.#known.get(move.userId) !== undefined;
    if (move.isArrival && move.server === serverName) this.news.arrived(move.userId, move.room, position);
    // Another server that comes into a room has to hear of who is there.
    if (!isKnown && (!move.isArrival || move.server === serverName)) return;
    if (this.#moves.length < MAX_MOVES) this.#moves.push(move);
    this.#rounds.ask();
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
