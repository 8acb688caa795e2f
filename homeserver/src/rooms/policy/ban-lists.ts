import type { RoomId } from '@holm/spec/ids';
import { type BanRule, banRuleOf, BanRules } from '../../core/moderation/ban-rules.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { Committed } from '../commit.ts';
import { EMPTY_STATE, type SnapshotId, type StoredEvent } from '../model.ts';
import type { Rooms } from '../rooms.ts';
import type { States } from '../state/states.ts';

export interface BanListsDeps {
  readonly rooms: Rooms;
  readonly states: States;
}

/** The rules of the rooms that an administrator has named as ban lists, as those rooms are now. */
export class BanLists {
  readonly #deps: BanListsDeps;
  readonly #lists: ReadonlyMap<RoomId, List>;
  #rules = new BanRules([]);
  #reading: Promise<BanRules> | undefined;

  constructor(roomIds: readonly RoomId[], deps: BanListsDeps) {
    this.#deps = deps;
    this.#lists = new Map(roomIds.map((roomId) => [roomId, new List()]));
  }

  /** Reads only what has changed since it was asked last. A list whose room we have left stays as it was. */
  current(): Promise<BanRules> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  /** A rule that is redacted goes, though the room's state is the same as before. */
  committed({ room, timeline }: Committed): void {
    if (timeline.some(({ event }) => event.type === 'm.room.redaction')) this.#lists.get(room.roomId)?.outdate();
  }

  async #read(): Promise<BanRules> {
    let isNews = false;
    for (const [roomId, list] of this.#lists) {
      const snapshot = (await this.#deps.rooms.byId(roomId))?.head?.snapshot;
      if (snapshot !== undefined && (await list.follow(this.#deps.states, snapshot))) isNews = true;
    }
    if (isNews) this.#rules = new BanRules([...this.#lists.values()].flatMap((list) => [...list.rules.values()]));
    return this.#rules;
  }
}

class List {
  readonly rules = new Map<string, BanRule>();
  #snapshot: SnapshotId = EMPTY_STATE;

  outdate(): void {
    this.#snapshot = EMPTY_STATE;
    this.rules.clear();
  }

  /** Whether that changed anything. */
  async follow(states: States, snapshot: SnapshotId): Promise<boolean> {
    const before = this.#snapshot;
    if (snapshot === before) return false;
    this.#snapshot = snapshot;
    const [gone, come] = await Promise.all([states.changes(snapshot, before), states.changes(before, snapshot)]);
    for (const event of gone) this.rules.delete(keyOf(event));
    for (const event of come) {
      const rule = event.redactedBy === undefined ? banRuleOf(event.event.type, event.event.content) : undefined;
      if (rule) this.rules.set(keyOf(event), rule);
    }
    return true;
  }
}

const keyOf = ({ event: { type, stateKey = '' } }: StoredEvent): string => keyString(type, stateKey);
