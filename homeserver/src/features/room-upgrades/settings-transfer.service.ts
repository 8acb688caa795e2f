import type { RoomId, UserId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import { MatrixError } from '@holm/spec/errors';
import { predecessorOf, replacementOf } from '../../core/events/content.ts';
import type { PushRule, PushRuleset } from '../../core/push/default-rules.ts';
import { RoomId as RoomIds } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Room } from '../../rooms/room.ts';
import type { AccountData } from '../account-data/index.ts';
import type { PushRules } from '../push-rules/index.ts';

export interface SettingsTransferDeps {
  readonly engine: RoomEngine;
  readonly accountData: Pick<AccountData, 'get' | 'update'>;
  readonly pushRules: Pick<PushRules, 'all' | 'set' | 'setEnabled'>;
}

type RuleKind = keyof PushRuleset;

/** Kinds whose rules can be about one room. */
const KINDS: readonly RuleKind[] = ['override', 'room', 'underride'];

/**
 * Gives somebody who joins the room that replaces another one what they had set up for that one: tags, the mark of a
 * direct chat, rules of what to be told. https://spec.matrix.org/latest/client-server-api/#server-behaviour-17
 */
export class SettingsTransfer {
  readonly #deps: SettingsTransferDeps;

  constructor(deps: SettingsTransferDeps) {
    this.#deps = deps;
  }

  /** For somebody who has just joined a room, whether or not it replaces one. */
  async joined(user: UserId, room: Room): Promise<void> {
    const replaced = await this.#replacedBy(room);
    if (!replaced || (await this.#deps.engine.userRooms.of(user)).get(replaced.nid)?.membership !== 'join') return;
    await this.carry(user, replaced.roomId, room.roomId);
  }

  /** What is set for the new room already stays as it is. */
  async carry(user: UserId, from: RoomId, to: RoomId): Promise<void> {
    await this.#carryTags(user, from, to);
    await this.#carryDirect(user, from, to);
    await this.#carryRules(user, from, to);
  }

  /** The room that names this one as its successor. That this one says so, too, would alone prove nothing. */
  async #replacedBy(room: Room): Promise<Room | undefined> {
    const { rooms, states } = this.#deps.engine;
    if (!room.head) return undefined;
    const create = await states.get(room, room.head.snapshot, ['m.room.create', '']);
    const predecessor = predecessorOf(create?.event.content)?.roomId;
    const old = RoomIds.is(predecessor) ? await rooms.byId(predecessor) : undefined;
    if (!old?.head) return undefined;
    const tombstone = await states.get(old, old.head.snapshot, ['m.room.tombstone', '']);
    return replacementOf(tombstone?.event.content) === room.roomId ? old : undefined;
  }

  async #carryTags(userId: UserId, from: RoomId, to: RoomId): Promise<void> {
    const tags = await this.#stored({ userId, roomId: from, type: 'm.tag' });
    if (!tags || (await this.#stored({ userId, roomId: to, type: 'm.tag' }))) return;
    await this.#deps.accountData.update({ userId, roomId: to, type: 'm.tag' }, (stored) => stored ?? tags);
  }

  /** Whom the old room was a direct chat with, by whatever clients have written. */
  async #carryDirect(userId: UserId, from: RoomId, to: RoomId): Promise<void> {
    const key = { userId, roomId: undefined, type: 'm.direct' };
    const needsIt = (rooms: Json | undefined): rooms is readonly Json[] =>
      Array.isArray(rooms) && rooms.includes(from) && !rooms.includes(to);
    const before = await this.#stored(key);
    if (!before || !Object.values(before).some(needsIt)) return;
    await this.#deps.accountData.update(key, (stored = {}) =>
      Object.fromEntries(
        Object.entries(stored).map(([other, rooms]) => [other, needsIt(rooms) ? [...rooms, to] : rooms] as const),
      ),
    );
  }

  async #carryRules(user: UserId, from: RoomId, to: RoomId): Promise<void> {
    const { pushRules } = this.#deps;
    const all = await pushRules.all(user);
    for (const kind of KINDS) {
      const names = new Set(all[kind].map(({ rule_id }) => rule_id));
      // The last one first: each new rule goes to the top.
      for (const rule of all[kind].filter((candidate) => isAbout(candidate, kind, from)).toReversed()) {
        const ruleId = nameFor(rule.rule_id, from, to);
        if (names.has(ruleId)) continue;
        await pushRules.set(user, { kind, ruleId }, { ...wishOf(rule, from, to), place: {} });
        if (!rule.enabled) await pushRules.setEnabled(user, { kind, ruleId }, false);
      }
    }
  }

  async #stored(key: Parameters<AccountData['get']>[0]): Promise<JsonObject | undefined> {
    try {
      return await this.#deps.accountData.get(key);
    } catch (error) {
      if (error instanceof MatrixError && error.errcode === 'M_NOT_FOUND') return undefined;
      throw error;
    }
  }
}

const isAbout = ({ rule_id, conditions, default: predefined }: PushRule, kind: RuleKind, room: RoomId): boolean => {
  if (predefined) return false;
  if (kind === 'room') return rule_id === room;
  return (conditions ?? []).some((condition) => isOfRoom(condition, room));
};

const isOfRoom = ({ kind, key, pattern }: JsonObject, room: RoomId): boolean =>
  kind === 'event_match' && key === 'room_id' && pattern === room;

/** Rules about one room are mostly named for it. */
const nameFor = (ruleId: string, from: RoomId, to: RoomId): string =>
  ruleId.includes(from) ? ruleId.replaceAll(from, to) : `${ruleId} ${to}`;

const wishOf = ({ actions, conditions }: PushRule, from: RoomId, to: RoomId) => ({
  actions: actions as readonly (string | JsonObject)[],
  ...(conditions && {
    conditions: (conditions as unknown as readonly JsonObject[]).map((condition) =>
      isObject(condition) && isOfRoom(condition, from) ? { ...condition, pattern: to } : condition,
    ),
  }),
});
