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
  /** Of which the rules do not know yet. */
  #isNews = false;
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
    for (const [roomId, list] of this.#lists) {
      const snapshot = (await this.#deps.rooms.byId(roomId))?.head?.snapshot;
      if (snapshot !== undefined && (await list.follow(this.#deps.states, snapshot))) this.#isNews = true;
    }
    if (this.#isNews) this.#rules = new BanRules([...this.#lists.values()].flatMap((list) => [...list.rules.values()]));
    this.#isNews = false;
    return this.#rules;
  }
}

class List {
  readonly rules = new Map<string, BanRule>();
  #snapshot: SnapshotId = EMPTY_STATE;
  /** How often it has had to be read anew. */
  #outdated = 0;

  /** The rules go on as they are until it has been read. */
  outdate(): void {
    this.#outdated++;
    this.#snapshot = EMPTY_STATE;
  }

  /** Whether that changed anything. */
  async follow(states: States, snapshot: SnapshotId): Promise<boolean> {
    const [before, outdated] = [this.#snapshot, this.#outdated];
    if (snapshot === before) return false;
    const [gone, come] = await Promise.all([states.changes(snapshot, before), states.changes(before, snapshot)]);
    // What has been redacted meanwhile may have been read as it was.
    if (outdated !== this.#outdated) return this.follow(states, snapshot);
    this.#snapshot = snapshot;
    if (before === EMPTY_STATE) this.rules.clear();
    for (const event of gone) this.rules.delete(keyOf(event));
    for (const event of come) {
      const rule = event.redactedBy === undefined ? banRuleOf(event.event.type, event.event.content) : undefined;
      if (rule) this.rules.set(keyOf(event), rule);
    }
    return true;
  }
}

const keyOf = ({ event: { type, stateKey = '' } }: StoredEvent): string => keyString(type, stateKey);
