import { MatrixError } from '@holm/spec/errors';
import { type RoomAlias, type RoomId, UserId } from '@holm/spec/ids';
import { isObject } from '@holm/spec/json';
import { replacementOf } from '../../core/events/content.ts';
import { creatorsOf } from '../../core/auth/auth-state.ts';
import { type RoomVersion, roomVersion } from '../../core/rooms/room-version.ts';
import type { Clock } from '../../platform/clock.ts';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import { assertKnown } from '../../rooms/partial/assert-member-known.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Draft } from '../../rooms/send/draft.ts';
import type { Database } from '../../storage/database.ts';
import { memberContent, memberDraft, type MemberProfiles } from '../membership/index.ts';
import { firstPowerLevels } from '../room-creation/index.ts';
import { BansOf } from './bans.service.ts';
import { carriedLevels, closedLevels, interimLevels } from './carried-levels.ts';
import { carriedCreate, carriedState, dividedAliases } from './carried-state.ts';
import { type OldRoom, readOldRoom } from './old-room.service.ts';
import type { SettingsTransfer } from './settings-transfer.service.ts';
import { type Upgrade, upgradesStore as store } from './upgrades.store.ts';

export interface RoomUpgradesDeps {
  readonly engine: RoomEngine;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly profiles: MemberProfiles;
  readonly aliases: {
    of(roomId: RoomId): Promise<readonly RoomAlias[]>;
    moveAll(from: RoomId, to: RoomId): Promise<void>;
  };
  readonly settings: Pick<SettingsTransfer, 'carry'>;
  /** The lists of rooms for others to find. */
  readonly directory: { replace(from: RoomId, to: RoomId): Promise<void> };
}

export interface Successor {
  readonly version: string;
  readonly additionalCreators: readonly string[];
}

/** For how long asking again gives the same room: whoever got no answer, and whoever wanted the same meanwhile. */
const SAME_MS = 10 * 60_000;
const MESSAGE = 'This room has been replaced';

/**
 * Replaces rooms by ones of another version. https://spec.matrix.org/latest/client-server-api/#room-upgrades
 *
 * The new room is there, with all that is carried over, before the old one says that it is replaced. What has been
 * begun is written down: it is finished after a crash, and by asking again.
 */
export class RoomUpgrades {
  readonly #deps: RoomUpgradesDeps;
  readonly #queue = new KeyedQueue<RoomId>();

  constructor(deps: RoomUpgradesDeps) {
    this.#deps = deps;
  }

  /** M_FORBIDDEN for who may not close the old room; M_UNSUPPORTED_ROOM_VERSION for a version we do not know. */
  async upgrade(user: UserId, roomId: RoomId, wanted: Successor): Promise<RoomId> {
    const version = roomVersion(wanted.version);
    if (!version) throw new MatrixError('M_UNSUPPORTED_ROOM_VERSION', 'this server does not know this room version');
    const creators = version.auth.privilegedCreators ? wanted.additionalCreators : [];
    if (!creators.every(UserId.is)) throw new MatrixError('M_INVALID_PARAM', 'additional_creators are user ids');
    return this.#queue.run(roomId, async () => {
      const old = await readOldRoom(this.#deps.engine, user, roomId);
      // Nobody but who may close the room may have it replaced, and nothing is begun that cannot be finished.
      await this.#deps.engine.sender.propose(roomId, tombstone(user, roomId));
      const earlier = await this.#earlier(roomId, version);
      if (earlier) {
        if (earlier.finishedAt === undefined) await this.#finish(earlier);
        return earlier.newRoom;
      }
      // Whoever is banned must not find the new room open.
      await assertKnown(this.#deps.engine.partial, old.room);
      const newRoom = await this.#create(user, old, version, creators);
      await this.#finish({ oldRoom: roomId, newRoom, upgrader: user, version: version.id, finishedAt: undefined });
      return newRoom;
    });
  }

  /** Finishes what a crash has left undone. What cannot be finished now keeps nothing else from being finished. */
  async resume(): Promise<void> {
    const { db, log } = this.#deps;
    for (const upgrade of await store.unfinished(db)) {
      const { oldRoom, newRoom } = upgrade;
      try {
        await this.#queue.run(oldRoom, async () => {
          if (await this.#isThere(newRoom)) await this.#finish(upgrade);
          else await store.remove(db, oldRoom);
        });
      } catch (err) {
        log.error('an upgrade could not be finished', { roomId: oldRoom, newRoom, err });
      }
    }
  }

  /** What was begun and not finished, or finished a moment ago. */
  async #earlier(roomId: RoomId, version: RoomVersion): Promise<Upgrade | undefined> {
    const { db, clock } = this.#deps;
    const upgrade = await store.get(db, roomId);
    if (!upgrade || upgrade.version !== version.id || !(await this.#isThere(upgrade.newRoom))) return undefined;
    const { finishedAt } = upgrade;
    return finishedAt === undefined || clock.now() - finishedAt < SAME_MS ? upgrade : undefined;
  }

  async #isThere(roomId: RoomId): Promise<boolean> {
    return (await this.#deps.engine.rooms.byId(roomId))?.head !== undefined;
  }

  async #create(user: UserId, old: OldRoom, version: RoomVersion, creators: readonly UserId[]): Promise<RoomId> {
    const { engine, db, profiles, aliases } = this.#deps;
    const moved = new Set(await aliases.of(old.room.roomId));
    const { taken } = dividedAliases(old.canonicalAlias?.content, moved);
    const bansOf = new BansOf(engine, db);
    const bans = await bansOf.first(old.room, user);
    const state = (type: string, content: Draft['content']): Draft => ({ sender: user, type, stateKey: '', content });
    const levels = levelsFor(old, version, [user, ...creators]);
    // Who creates a room can do everything in it, until the levels say otherwise: they come last.
    const isComplete = bans.isAll || version.auth.privilegedCreators;
    const banned = await bansOf.among(old.room, Object.keys(isObject(levels['users']) ? levels['users'] : {}));
    const interim = isComplete ? levels : interimLevels(levels, { upgrader: user, banned });
    const join = memberContent('join', { profile: await profiles.memberProfile(user) });
    const room = await engine.creator.create({
      version,
      creator: user,
      create: carriedCreate(old, version, creators),
      drafts: () => [
        memberDraft(user, user, join),
        ...carriedState(old.carried, user, version),
        ...(Object.keys(taken).length > 0 ? [state('m.room.canonical_alias', taken)] : []),
        ...bans.drafts,
        state('m.room.power_levels', interim),
      ],
      before: async (newRoom) => {
        await store.put(db, { oldRoom: old.room.roomId, newRoom, upgrader: user, version: version.id });
      },
    });
    return room.roomId;
  }

  /** Everything after the creation of the new room. Each step may have been done before. */
  async #finish({ oldRoom, newRoom, upgrader, version: versionId }: Upgrade): Promise<void> {
    const { aliases, settings, directory, db, clock } = this.#deps;
    const version = roomVersion(versionId);
    const old = await this.#possible('read', oldRoom, () => readOldRoom(this.#deps.engine, upgrader, oldRoom));
    if (old && version) {
      if (replacementOf(old.tombstone?.content) !== newRoom) await this.#complete(old, newRoom, upgrader);
      await aliases.moveAll(oldRoom, newRoom);
      await directory.replace(oldRoom, newRoom);
      await this.#close(old, { newRoom, upgrader, moved: new Set(await aliases.of(newRoom)) });
      await settings.carry(upgrader, oldRoom, newRoom);
    }
    await store.finish(db, oldRoom, clock.now());
  }

  /** The bans that were too many for one step, and then the levels as they are meant to be. */
  async #complete(old: OldRoom, newRoom: RoomId, upgrader: UserId): Promise<void> {
    const { engine, db } = this.#deps;
    const room = await engine.rooms.joined(newRoom);
    for await (const drafts of new BansOf(engine, db).missing(old.room, room, upgrader)) {
      await this.#possible('ban', newRoom, () => engine.sender.sendAll(newRoom, drafts));
    }
    const create = await engine.states.get(room, room.head.snapshot, ['m.room.create', '']);
    const creators = create ? creatorsOf(create.event) : [];
    const content = levelsFor(old, room.version, creators);
    await this.#possible('power levels', newRoom, () =>
      engine.sender.send(newRoom, { sender: upgrader, type: 'm.room.power_levels', stateKey: '', content }),
    );
  }

  /** Says in the old room that it is replaced, and takes from it what would make people go on there. */
  async #close(
    old: OldRoom,
    { newRoom, upgrader, moved }: { newRoom: RoomId; upgrader: UserId; moved: ReadonlySet<RoomAlias> },
  ): Promise<void> {
    const { sender } = this.#deps.engine;
    const { roomId, version } = old.room;
    const say = (type: string, content: Draft['content']) =>
      this.#possible(type, roomId, () => sender.send(roomId, { sender: upgrader, type, stateKey: '', content }));
    await say('m.room.tombstone', tombstone(upgrader, newRoom).content);
    const closed = closedLevels(old.powerLevels?.content ?? {}, version);
    if (closed && old.powerLevels) await say('m.room.power_levels', closed);
    const { taken, left } = dividedAliases(old.canonicalAlias?.content, moved);
    if (Object.keys(taken).length > 0) await say('m.room.canonical_alias', left);
  }

  /** What the rules of a room refuse its upgrader is left as it is: the specification asks for it "if possible". */
  async #possible<T>(what: string, roomId: RoomId, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (err) {
      if (!(err instanceof MatrixError) || err.status >= 500) throw err;
      this.#deps.log.info('part of an upgrade was refused', { what, roomId, err });
      return undefined;
    }
  }
}

const tombstone = (sender: UserId, newRoom: RoomId): Draft => ({
  sender,
  type: 'm.room.tombstone',
  stateKey: '',
  content: { body: MESSAGE, replacement_room: newRoom },
});

const levelsFor = ({ create, powerLevels }: OldRoom, to: RoomVersion, newCreators: readonly UserId[]) => {
  const [creator] = newCreators;
  const oldCreators = creatorsOf(create);
  if (powerLevels) return carriedLevels(powerLevels.content, { from: create.version, to, oldCreators, newCreators });
  return creator === undefined ? {} : firstPowerLevels(to, { creator, trusted: [], isPublic: false });
};
