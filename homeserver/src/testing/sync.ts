import { DeviceId, type EventId, type RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { buildEvent } from '../core/events/build.ts';
import { roomVersion } from '../core/rooms/room-version.ts';
import { AccountData, accountDataPart, openAccountDataStream } from '../features/account-data/index.ts';
import { AllUserRules, UnreadEvents } from '../features/notifications/index.ts';
import { defaultPushRules } from '../core/push/default-rules.ts';
import { Background } from '../platform/background.ts';
import { Deadlines } from '../platform/deadlines.ts';
import { silentLog } from '../platform/log.ts';
import { Filters } from '../features/filters/index.ts';
import { type Answer, Poll, Sync, type SyncRequest } from '../features/sync/index.ts';
import { Metrics } from '../platform/metrics.ts';
import { Readers } from '../rooms/timeline/readers.ts';
import type { RoomEngine } from '../rooms/engine.ts';
import type { SnapshotId, StoredEvent } from '../rooms/model.ts';
import { Change } from '../rooms/write/change.ts';
import type { Position } from '../streams/stream.ts';
import { createTestEngine, type TestEngine, type TestEngineOptions } from './engine.ts';

export interface SyncedEvent {
  readonly event_id: string;
  readonly type: string;
  readonly state_key?: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly unsigned?: JsonObject;
}

interface Events<E = SyncedEvent> {
  readonly events: readonly E[];
}

/** A room of a response, whichever section it is in. */
export interface SyncedRoom {
  readonly timeline: Events & { readonly limited: boolean; readonly prev_batch: string };
  readonly state: Events;
  readonly state_after: Events;
  readonly 'org.matrix.msc4222.state_after': Events;
  readonly summary?: JsonObject;
  readonly account_data: Events<JsonObject>;
  readonly invite_state: Events<JsonObject>;
  readonly knock_state: Events<JsonObject>;
}

type Rooms = Readonly<Record<string, SyncedRoom>>;

export interface SyncResponse {
  readonly next_batch: string;
  readonly account_data?: Events<JsonObject>;
  readonly rooms?: { readonly join?: Rooms; readonly leave?: Rooms; readonly invite?: Rooms; readonly knock?: Rooms };
}

export type SyncWish = Partial<Omit<SyncRequest, 'filter' | 'viewer'>> & {
  readonly filter?: JsonObject;
  readonly device?: string;
  /** Aborts when the client hangs up. */
  readonly signal?: AbortSignal;
};

/** A message that comes from elsewhere, on top of all that is known. */
export interface Arrival {
  readonly sender: UserId;
  readonly body: string;
  /** The state before it; the room's current one unless something else is said. */
  readonly snapshot?: SnapshotId;
  /** What else is written with it. */
  readonly along?: (change: Change, position: Position) => Promise<void>;
}

/** Why a signal says so: its client hears nothing any more. Otherwise the server stops. */
export const GONE = Symbol('gone');

const answerOf = (poll: Poll<Answer>, signal?: AbortSignal): Promise<Answer> => {
  signal?.addEventListener('abort', () => (signal.reason === GONE ? poll.abandon() : poll.hurry()), { once: true });
  return new Promise((resolve) => poll.wait(resolve));
};

export const userOf = (name: string, server = 'a.test'): UserId => UserId.parse(`@${name}:${server}`);

/** An engine with everything that `/sync` is made of. */
export class SyncFixture {
  readonly test: TestEngine;
  readonly accountData: AccountData;
  readonly filters: Filters;
  /** Whom people do not want to hear. */
  readonly ignored = new Map<UserId, ReadonlySet<UserId>>();
  engine: RoomEngine;
  sync: Sync;

  private constructor(test: TestEngine, accountData: AccountData) {
    this.test = test;
    this.accountData = accountData;
    this.filters = new Filters(test.db);
    this.engine = test.engine;
    this.sync = this.#newSync();
  }

  static async create(options: TestEngineOptions = {}): Promise<SyncFixture> {
    const test = await createTestEngine(options);
    const { db, notifier } = test;
    const stream = await openAccountDataStream(db);
    return new SyncFixture(test, new AccountData({ db, stream, notifier, derived: new Map() }));
  }

  /** As after a restart: nothing is in memory. */
  async restart(): Promise<void> {
    this.engine = await this.test.restart();
    this.sync = this.#newSync();
  }

  async ask(user: UserId, wish: SyncWish = {}): Promise<SyncResponse> {
    const { filter, device = 'D', signal, ...rest } = wish;
    const begun = await this.sync.begin({
      viewer: { userId: user, deviceId: DeviceId.parse(device), tokenId: 1 },
      filter: await this.filters.resolve(user, filter && JSON.stringify(filter)),
      since: undefined,
      fullState: false,
      stateField: 'state',
      timeoutMs: 0,
      ...rest,
    });
    const { text } = await (begun instanceof Poll ? answerOf(begun, signal) : begun);
    return JSON.parse(text) as SyncResponse;
  }

  /** A public room of this user. */
  async room(
    creator: UserId,
    state: readonly (readonly [type: string, content: JsonObject])[] = [],
    create: JsonObject = {},
  ): Promise<RoomId> {
    const initial: readonly (readonly [string, JsonObject])[] = [
      ['m.room.join_rules', { join_rule: 'public' }],
      ...state,
    ];
    const version = roomVersion('11');
    if (!version) throw new Error('no room version 11');
    const room = await this.engine.creator.create({
      version,
      creator,
      create,
      drafts: () => [
        { sender: creator, type: 'm.room.member', stateKey: creator, content: { membership: 'join' } },
        { sender: creator, type: 'm.room.power_levels', stateKey: '', content: { users: { [creator]: 100 } } },
        ...initial.map(([type, content]) => ({ sender: creator, type, stateKey: '', content })),
      ],
    });
    return room.roomId;
  }

  say(room: RoomId, sender: UserId, body: string): Promise<StoredEvent> {
    return this.engine.sender.send(room, { sender, type: 'm.room.message', content: { msgtype: 'm.text', body } });
  }

  set(room: RoomId, sender: UserId, type: string, content: JsonObject): Promise<StoredEvent> {
    return this.engine.sender.send(room, { sender, type, stateKey: '', content });
  }

  member(room: RoomId, user: UserId, membership: string, sender = user): Promise<StoredEvent> {
    const content = { membership };
    return this.engine.sender.send(room, { sender, type: 'm.room.member', stateKey: user, content });
  }

  /** Changes the name of somebody who is in the room. */
  rename(room: RoomId, user: UserId, displayname: string): Promise<StoredEvent> {
    const content = { membership: 'join', displayname };
    return this.engine.sender.send(room, { sender: user, type: 'm.room.member', stateKey: user, content });
  }

  async redact(room: RoomId, sender: UserId, redacts: EventId): Promise<StoredEvent> {
    return this.engine.sender.send(room, { sender, type: 'm.room.redaction', content: { redacts }, redacts });
  }

  /** What `rooms/ingest` writes, for tests that say themselves how a room was resolved; nothing is checked. */
  async arrive(roomId: RoomId, { sender, body, snapshot: before, along }: Arrival): Promise<void> {
    const { rooms, nids, committer } = this.engine;
    const room = await rooms.joined(roomId);
    const { head, version } = room;
    const event = buildEvent(
      {
        version,
        roomId,
        eventId: undefined,
        type: 'm.room.message',
        sender,
        stateKey: undefined,
        content: { msgtype: 'm.text', body },
        prevEvents: head.extremities.map(({ eventId }) => eventId),
        authEvents: [],
        depth: head.depth + 1,
        sentAt: this.test.clock.now(),
        redacts: undefined,
      },
      this.test.signer,
    );
    const change = new Change(room, head);
    const position = await committer.claim();
    const nid = nids.take();
    const snapshot = before ?? head.snapshot;
    change.place(event, { nid, status: 'accepted', snapshot, position, replaces: undefined, authNumbers: undefined });
    change.setExtremities([{ nid, eventId: event.eventId, depth: event.depth }]);
    await along?.(change, position);
    if (!(await committer.commit(change, [position]))) throw new Error('the room has moved on meanwhile');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.test[Symbol.asyncDispose]();
  }

  /** What answers are made of. */
  responsesDeps() {
    const { db } = this.test;
    const ignoredBy = (user: UserId) => this.ignored.get(user) ?? new Set<UserId>();
    return {
      idle: this.test.idle,
      readers: new Readers(this.engine.visible, ignoredBy),
      unwelcomeInviters: ignoredBy,
      db,
      engine: this.engine,
      unread: this.#newUnread(),
      parts: [accountDataPart(this.accountData)],
    };
  }

  #newUnread(): UnreadEvents {
    const { db, idle } = this.test;
    const pushRules = { all: async (user: UserId) => defaultPushRules(user) };
    const ignoredUsers = { of: async () => new Set<UserId>() };
    const threads = { subscribedBy: async () => new Map() };
    const versionOf = (user: UserId) => this.accountData.versionOf(user);
    const changedAt = (user: UserId) => this.accountData.changedAt(user);
    const background = new Background(silentLog);
    return new UnreadEvents({
      db,
      idle,
      background,
      engine: this.engine,
      rules: new AllUserRules({ pushRules, ignoredUsers, threads, versionOf, changedAt }),
    });
  }

  #newSync(): Sync {
    const { clock, notifier } = this.test;
    const deadlines = new Deadlines(clock);
    return new Sync({ ...this.responsesDeps(), deadlines, notifier, metrics: new Metrics(), presence: undefined });
  }
}

export const bodies = (room: SyncedRoom | undefined): unknown[] =>
  (room?.timeline.events ?? []).map(({ type, content }) => content['body'] ?? type);
/** The room as a response has it, if its user is in it. */
export const joinedIn = ({ rooms }: SyncResponse, room: RoomId): SyncedRoom | undefined => rooms?.join?.[room];
export const stateOf = (answer: SyncResponse, room: RoomId): readonly SyncedEvent[] =>
  joinedIn(answer, room)?.state.events ?? [];

export const typesOf = (events: readonly SyncedEvent[] | undefined): string[] =>
  (events ?? []).map(({ type }) => type).sort();
export const membersOf = (events: readonly SyncedEvent[] | undefined): unknown[] =>
  (events ?? []).flatMap((event) => (event.type === 'm.room.member' ? [event.state_key] : [])).sort();
