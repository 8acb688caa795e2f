import { DeviceId, type RoomAlias, type RoomId, type ServerName, UserId } from '@holm/spec/ids';
import { MatrixError } from '@holm/spec/errors';
import type { JsonObject } from '@holm/spec/json';
import {
  Entering,
  type InvitesToAddresses,
  Membership,
  ProfileChanges,
  type RemoteMembership,
} from '../features/membership/index.ts';
import type { MemberProfile } from '../features/profiles/index.ts';
import { RoomCreation, type Wish } from '../features/room-creation/index.ts';
import { Sending } from '../features/room-events/index.ts';
import { Dates, RoomHistory } from '../features/room-history/index.ts';
import { Relations, Threads } from '../features/relations/index.ts';
import { RoomState } from '../features/room-state/index.ts';
import type { Viewer } from '../rooms/timeline/client-events.ts';
import { Readers } from '../rooms/timeline/readers.ts';
import type { RoomEngine } from '../rooms/engine.ts';
import { createTestEngine, type TestEngine, type TestEngineOptions } from './engine.ts';

export interface RoomFeatures {
  readonly engine: RoomEngine;
  readonly addresses: InvitesToAddresses;
  readonly creation: RoomCreation;
  readonly entering: Entering;
  readonly membership: Membership;
  readonly profileChanges: ProfileChanges;
  readonly sending: Sending;
  readonly history: RoomHistory;
  readonly dates: Dates;
  readonly relations: Relations;
  readonly threads: Threads;
  readonly state: RoomState;
}

export interface TestRooms extends TestEngine, RoomFeatures {
  readonly aliases: Map<RoomAlias, RoomId>;
  readonly profiles: Map<UserId, MemberProfile>;
  /** Whom people ignore. */
  readonly ignored: Map<UserId, ReadonlySet<UserId>>;
  /** What was asked of other servers: the operation and its arguments. */
  readonly asked: unknown[][];
  /** What deliverInvite does, beside being noted. */
  remote: Partial<RemoteMembership>;
  /** All services again, on an engine that starts afresh from the same database. */
  readonly again: () => Promise<RoomFeatures>;
  /** Creates a room and has more people join it. */
  readonly room: (creator: UserId, wish?: Wish, joining?: readonly UserId[]) => Promise<RoomId>;
}

export const user = (name: string, server = 'a.test'): UserId => UserId.parse(`@${name}:${server}`);
export const deviceOf = (userId: UserId, device = 'PHONE'): Viewer => ({ userId, deviceId: DeviceId.parse(device) });

/** The features of rooms on a database of their own; other servers are a list of what they were asked. */
export const createTestRooms = async (options: TestEngineOptions = {}): Promise<TestRooms> => {
  const test = await createTestEngine(options);
  const aliases = new Map<RoomAlias, RoomId>();
  const profiles = new Map<UserId, MemberProfile>();
  const asked: unknown[][] = [];
  const ignored = new Map<UserId, ReadonlySet<UserId>>();
  const remote: { current: Partial<RemoteMembership> } = { current: {} };

  const aliasPort = {
    async resolve(alias: RoomAlias) {
      const roomId = aliases.get(alias);
      if (!roomId) throw new MatrixError('M_NOT_FOUND', 'no such alias');
      return { roomId, servers: ['b.test' as ServerName] };
    },
    unlink: () => Promise.resolve(),
    isTaken: async (alias: RoomAlias) => aliases.has(alias),
    async link(row: { readonly alias: RoomAlias; readonly roomId: RoomId }) {
      aliases.set(row.alias, row.roomId);
    },
  };
  const note =
    <K extends 'join' | 'knock' | 'leave'>(operation: K) =>
    async (...args: Parameters<RemoteMembership[K]>) => {
      asked.push([operation, ...args]);
      await (remote.current[operation] as ((...all: unknown[]) => Promise<void>) | undefined)?.(...args);
    };
  const remotePort: RemoteMembership = {
    join: note('join'),
    knock: note('knock'),
    leave: note('leave'),
    async deliverInvite(event, room, server) {
      asked.push(['invite', event.stateKey, server]);
      return remote.current.deliverInvite ? remote.current.deliverInvite(event, room, server) : event;
    },
  };
  const addresses: InvitesToAddresses = {
    async invite(...args) {
      asked.push(['invite to an address', ...args]);
    },
    async redeem(...args) {
      asked.push(['redeem', ...args]);
    },
  };
  const build = (engine: RoomEngine): RoomFeatures => {
    const port = { memberProfile: async (userId: UserId) => profiles.get(userId) ?? {} };
    const base = { engine, aliases: aliasPort, profiles: port, remote: remotePort };
    const entering = new Entering(base);
    const readers = new Readers(engine.visible, async (userId) => ignored.get(userId) ?? new Set());
    const invitees = { assertInvitable: () => Promise.resolve() };
    const membership = new Membership({ ...base, entering, invitees });
    return {
      engine,
      entering,
      membership,
      addresses,
      creation: new RoomCreation({
        ...base,
        membership,
        invitees,
        addresses,
        directory: {
          assertMayPublish: () => Promise.resolve(),
          publish: () => Promise.resolve(),
          withdraw: () => Promise.resolve(),
        },
        defaultVersion: '12',
      }),
      profileChanges: new ProfileChanges(engine),
      sending: new Sending({ engine, aliases: aliasPort, membership }),
      history: new RoomHistory({
        administrators: { isAdmin: () => Promise.resolve(false) },
        engine,
        readers,
        backfill: { into: async (...args) => asked.push(['backfill', ...args.slice(1)]) < 0 },
      }),
      dates: new Dates({ engine, readers, elsewhere: { fetch: async () => false } }),
      relations: new Relations({ db: test.db, engine, readers }),
      threads: new Threads({ db: test.db, engine, readers }),
      state: new RoomState(engine),
    };
  };
  const features = build(test.engine);
  return {
    ...test,
    ...features,
    aliases,
    profiles,
    asked,
    ignored,
    get remote() {
      return remote.current;
    },
    set remote(next) {
      remote.current = next;
    },
    again: async () => build(await test.restart()),
    async room(creator, wish = { preset: 'public_chat' }, joining = []) {
      const roomId = await features.creation.create(creator, wish);
      for (const userId of joining) await features.entering.join(userId, { roomId, via: [] });
      return roomId;
    },
  };
};

/** The content of a room's current state; undefined where it has none. */
export const currentState = async (
  { engine }: Pick<RoomFeatures, 'engine'>,
  roomId: RoomId,
  [type, stateKey]: readonly [string, string],
): Promise<JsonObject | undefined> => {
  const room = await engine.rooms.joined(roomId);
  return (await engine.states.get(room, room.head.snapshot, [type, stateKey]))?.event.content;
};
