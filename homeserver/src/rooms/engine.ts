import type { RoomId, ServerName } from '@holm/spec/ids';
import type { Signer } from '../core/events/build.ts';
import { StateHasher } from '../core/state/state-hash.ts';
import type { FederationClient } from '../federation/client/client.ts';
import type { Clock } from '../platform/clock.ts';
import type { Entropy } from '../platform/entropy.ts';
import type { IdleCaches } from '../platform/idle-caches.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import type { Log } from '../platform/log.ts';
import type { Database } from '../storage/database.ts';
import { Numbers } from '../storage/numbers.ts';
import { secret } from '../storage/secrets.ts';
import type { Notifier } from '../streams/notifier.ts';
import { LoggedChanges } from '../streams/logged-changes.ts';
import { Stream } from '../streams/stream.ts';
import { VersionedChanges } from '../streams/versioned-changes.ts';
import { Committer, type CommitListener } from './commit.ts';
import { Events } from './events.ts';
import { Stays } from './members/stays.ts';
import { UserRooms } from './members/user-rooms.ts';
import type { Presence } from './members/room-members.ts';
import type { RoomNid } from './model.ts';
import { PartialRooms } from './partial/partial-rooms.ts';
import { Originals } from './originals.ts';
import type { Room } from './room.ts';
import { BanLists } from './policy/ban-lists.ts';
import { OwnPolicyServer, type PolicyServerSettings } from './policy/own-policy-server.ts';
import { PolicyServers } from './policy/policy-servers.ts';
import { Rooms } from './rooms.ts';
import { Creator } from './send/creator.ts';
import { Sender } from './send/sender.ts';
import { AuthGraphs } from './state/auth-graphs.ts';
import { StateLogs } from './state/state-log.ts';
import { StateRedactions } from './state/state-redactions.ts';
import { StickyEvents } from './sticky/sticky-events.ts';
import { States } from './state/states.ts';
import { Tries } from './state/tries.ts';
import { Bundles } from './relations/bundles.ts';
import { Silence } from './relations/silence.ts';
import { RelationRules } from './relations/relation-rules.ts';
import { ClientEvents, TransactionEchoes } from './timeline/client-events.ts';
import { EventsByTime } from './timeline/by-time.ts';
import { RoomAccess } from './timeline/access.ts';
import { EventLookup } from './timeline/event-lookup.ts';
import { Presenter } from './timeline/presenter.ts';
import { Timeline } from './timeline/timeline.ts';
import { Visible } from './timeline/visible.ts';
import { Departures } from './upkeep/departures.ts';
import { Holds } from './upkeep/holds.ts';
import { Retention } from './upkeep/retention.ts';
import { RoomWriter } from './write/room-writer.ts';
import type { RetentionRules } from '../core/rooms/retention.ts';

export interface EngineDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly notifier: Notifier;
  readonly signer: Signer;
  /** Told of every step of every room once it is durable; filled before the first one. */
  readonly listeners: readonly CommitListener[];
  /** How much is remembered of what the database could be asked again. */
  readonly cacheBytes: {
    readonly events: number;
    readonly states: number;
    readonly rooms: number;
    readonly memberships: number;
  };
  readonly idle: IdleCaches;
  readonly client: Pick<FederationClient, 'call'>;
  /** How long what redactions take away is kept for moderators. */
  readonly redactedContentDays?: number | 'forever';
  /** How long messages are kept; absent for ever. */
  readonly retention?: RetentionRules | undefined;
  /** Absent where this server is no policy server. */
  readonly policyServer?: (PolicyServerSettings & { readonly banLists: readonly RoomId[] }) | undefined;
}

/** The room engine: what features and federation use of rooms. */
export interface RoomEngine {
  readonly serverName: ServerName;
  /** The stream of all events of all rooms. */
  readonly stream: Stream;
  /** Which rooms changed after a position, and of which the members did. */
  readonly roomChanges: LoggedChanges<RoomNid>;
  readonly memberChanges: VersionedChanges<RoomNid>;
  readonly stateRedactions: StateRedactions;
  readonly stateLogs: StateLogs;
  readonly rooms: Rooms;
  /** Those that are not known in full yet. */
  readonly partial: PartialRooms;
  readonly events: Events;
  /** Rooms that an administrator has put a stop to. */
  readonly holds: Holds;
  readonly departures: Departures;
  /** How long messages are kept. */
  readonly retention: Retention;
  /** What redacted events were. */
  readonly originals: Originals;
  readonly states: States;
  readonly tries: Tries;
  readonly authGraphs: AuthGraphs;
  readonly timeline: Timeline;
  /** When people were in rooms. */
  readonly stays: Stays;
  readonly visible: Visible;
  readonly access: RoomAccess;
  readonly clientEvents: ClientEvents;
  /** Events as one reader gets them, with what others say about them. */
  readonly presenter: Presenter;
  readonly bundles: Bundles;
  readonly lookup: EventLookup;
  readonly byTime: EventsByTime;
  readonly relationRules: RelationRules;
  readonly echoes: TransactionEchoes;
  readonly userRooms: UserRooms;
  readonly policies: PolicyServers;
  /** Absent where this server is no policy server. */
  readonly ownPolicy: OwnPolicyServer | undefined;
  readonly banLists: BanLists;
  readonly sender: Sender;
  readonly creator: Creator;
  readonly committer: Committer;
  readonly sticky: StickyEvents;
  readonly writer: RoomWriter;
  readonly nids: Numbers;
  /** One step of a room at a time. */
  readonly queue: KeyedQueue<RoomNid>;
  /** Who of this server is in a room, and which servers are; for those who are not in the room's queue. */
  membersOf(room: Room): Promise<Presence>;
}

/** How many positions are taken from the database ahead of their use. */
const POSITIONS_AT_HAND = 1_000;

export const createRoomEngine = async (deps: EngineDeps): Promise<RoomEngine> => {
  const { db, clock, signer } = deps;
  const serverName = signer.server;
  const memory = await createMemory(deps);
  await memory.sticky.load(db);
  const { rooms, partial, events, states, stays, tries, userRooms } = memory;
  const holds = new Holds(db, clock);
  const departures = new Departures(db, clock);
  await Promise.all([holds.refresh(), departures.load()]);
  const stateLogs = new StateLogs(db);
  const retention = new Retention({ db, clock, states, rules: deps.retention });
  const visible = new Visible({ states, stays, userRooms, retention });
  const originals = new Originals({ db, clock, partial }, deps.redactedContentDays ?? 0);
  const writer = new RoomWriter(db, originals);
  const silence = new Silence();
  const committer = new Committer({ ...deps, ...memory, writer, serverName, silence });
  const echoes = new TransactionEchoes();
  const queue = new KeyedQueue<RoomNid>();
  const timeline = new Timeline(db, events);
  const access = new RoomAccess({ rooms, holds, userRooms, states, stateLogs, stays });
  const bundles = new Bundles(db, events, silence);
  const clientEvents = new ClientEvents(events, { echoes, sticky: memory.sticky }, clock);
  const nids = new Numbers(db, 'event_nids');
  const membersOf = async (room: Room) =>
    room.members.loaded ?? queue.run(room.nid, () => room.members.load(serverName));
  const banLists = new BanLists(deps.policyServer?.banLists ?? [], memory);
  const ownPolicy = deps.policyServer && new OwnPolicyServer(deps.policyServer, banLists);
  const policies = new PolicyServers({ ...deps, states, events, serverName, membersOf, own: ownPolicy });
  const sending = { ...deps, holds, policies, states, events, tries, nids, committer, rooms, partial, queue };
  return {
    ...memory,
    serverName,
    originals,
    holds,
    retention,
    departures,
    stateLogs,
    timeline,
    visible,
    access,
    clientEvents,
    presenter: new Presenter(events, clientEvents, bundles),
    bundles,
    relationRules: new RelationRules(db, events),
    byTime: new EventsByTime(db, events),
    lookup: new EventLookup({ access, events, states, timeline }),
    echoes,
    policies,
    ownPolicy,
    banLists,
    sender: new Sender(sending),
    creator: new Creator(sending),
    committer,
    writer,
    nids,
    queue,
    membersOf,
  };
};

/** What the process remembers of rooms, and the stream that orders what happens in them. */
const createMemory = async ({ db, clock, entropy, cacheBytes, idle }: EngineDeps) => {
  const positions = new Numbers(db, 'event_positions');
  await positions.ensure(POSITIONS_AT_HAND);
  const stream = new Stream('events', positions.take(), () => positions.take());
  const partial = await PartialRooms.open(db, clock);
  const rooms = new Rooms(db, partial, cacheBytes.rooms);
  const events = new Events(db, rooms, cacheBytes.events);
  const userRooms = new UserRooms({ db, idle, cacheBytes: cacheBytes.memberships });
  const hasher = new StateHasher(await secret(db, entropy, 'state hashes'));
  const tries = new Tries({ db, hasher, ids: new Numbers(db, 'state_row_ids'), cacheBytes: cacheBytes.states });
  return {
    positions,
    stream,
    partial,
    roomChanges: new LoggedChanges<RoomNid>(stream.settled),
    memberChanges: new VersionedChanges<RoomNid>(stream.settled),
    stateRedactions: new StateRedactions(db, { tries, events }, stream.settled),
    rooms,
    events,
    tries,
    states: new States(tries, events),
    userRooms,
    stays: new Stays(events, userRooms),
    authGraphs: new AuthGraphs(db),
    sticky: new StickyEvents(clock),
  };
};
