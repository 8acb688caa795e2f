import type { UserId } from '@holm/spec/ids';
import { canonicalAliasOf, roomNameOf } from '../../core/events/content.ts';
import { stateKey } from '../../core/state/state-key.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { SnapshotId, StoredEvent } from '../../rooms/model.ts';
import type { Room } from '../../rooms/room.ts';
import type { Database } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import { Gather } from '../../storage/gather.ts';
import { type JsonText, objectOf } from './json-text.ts';
import { summariesStore as store } from './summaries.store.ts';

interface Members {
  readonly version: number;
  readonly joined: number;
  readonly invited: number;
  /** The first of them; one more than a summary names, because it never names its reader. */
  readonly first: readonly UserId[];
}

export interface Summary {
  readonly text: JsonText;
  readonly joined: number;
  readonly invited: number;
  readonly heroes: readonly UserId[];
  /** Of whom the heroes are the first: those who may have been it at another time, too. Nobody where the room has a name. */
  readonly candidates: readonly UserId[];
}

/** What a room is called by, rather than by who is there: `/v3/sync` takes an alias for a name, sliding sync does not. */
export type Naming = 'name' | 'name or alias';

export const HEROES = 5;
const NAME = ['m.room.name', ''] as const;
const ALIAS = ['m.room.canonical_alias', ''] as const;

/** How many are in rooms, and whom to name those by that have no name. Counted once for all readers. */
export class Summaries {
  readonly #db: Database;
  readonly #engine: RoomEngine;
  readonly #kept = new WeakMap<Room, Members>();

  /** Of rooms of people who come at the same time. */
  readonly #gather: Gather<Room, Members>;

  constructor(db: Database, engine: RoomEngine) {
    this.#db = db;
    this.#engine = engine;
    this.#gather = new Gather((rooms) => this.#load(rooms), 'round');
  }

  async get(room: Room, reader: UserId, snapshot: SnapshotId, naming: Naming = 'name or alias'): Promise<Summary> {
    const { joined, invited, first } = this.#known(room) ?? (await this.#gather.load([room])).get(room) ?? NOBODY;
    // Those who have left name the room only when nobody else is there; the reader is.
    const others = joined + invited - 1;
    const most = others > 0 ? Math.min(others, HEROES) : HEROES;
    const isNamed = await this.#isNamed(room, snapshot, naming);
    const candidates = isNamed ? [] : first.filter((user) => user !== reader);
    const heroes = candidates.slice(0, most);
    const text = objectOf({
      ...(heroes.length > 0 && { 'm.heroes': JSON.stringify(heroes) }),
      'm.joined_member_count': String(joined),
      'm.invited_member_count': String(invited),
    });
    return { text, joined, invited, heroes, candidates };
  }

  /** Whether one of these events names the room, or takes its name away: then whom to name it by may be others. */
  async isRenamed(room: Room, upTo: Position, events: readonly StoredEvent[]): Promise<boolean> {
    if (events.some(isName)) return true;
    const redactions = new Set(events.filter(isRedaction).map(({ nid }) => nid));
    if (redactions.size === 0) return false;
    const { states, stateLogs } = this.#engine;
    const names = await states.view(room, await stateLogs.at(room, upTo), [NAME, ALIAS]);
    return [...names.values()].some(({ redactedBy }) => redactedBy !== undefined && redactions.has(redactedBy));
  }

  /** Counts the members of many rooms with one query. */
  async warm(rooms: readonly Room[]): Promise<void> {
    const cold = rooms.filter((room) => !this.#known(room));
    if (cold.length > 0) await this.#gather.load(cold);
  }

  #known(room: Room): Members | undefined {
    const known = this.#kept.get(room);
    return known?.version === this.#engine.memberChanges.versionOf(room.nid) ? known : undefined;
  }

  async #load(rooms: readonly Room[]): Promise<Map<Room, Members>> {
    // Read before the members are: if they change meanwhile, what is kept is out of date at once.
    const versions = rooms.map(({ nid }) => this.#engine.memberChanges.versionOf(nid));
    const nids = rooms.map(({ nid }) => nid);
    const rows = await store.members(this.#db, nids, HEROES + 1);
    const found = new Map(rows.map((row) => [row.room_nid, row]));
    const loaded = new Map<Room, Members>();
    for (const [i, room] of rooms.entries()) {
      const { joined, invited, first } = found.get(room.nid) ?? NOBODY;
      const members = { version: versions[i] ?? 0, joined, invited, first };
      this.#kept.set(room, members);
      loaded.set(room, members);
    }
    return loaded;
  }

  async #isNamed(room: Room, snapshot: SnapshotId, naming: Naming): Promise<boolean> {
    const view = await this.#engine.states.view(room, snapshot, [NAME, ALIAS]);
    const name = roomNameOf(view.get(stateKey(...NAME))?.event.content) ?? '';
    if (naming === 'name') return name !== '';
    const alias = canonicalAliasOf(view.get(stateKey(...ALIAS))?.event.content) ?? '';
    return name !== '' || alias !== '';
  }
}

const NOBODY = { joined: 0, invited: 0, first: [] };

const isRedaction = ({ event }: StoredEvent): boolean => event.type === 'm.room.redaction';

/** A room is named by its members where nothing else names it. */
const isName = ({ event }: StoredEvent): boolean =>
  (event.type === 'm.room.name' || event.type === 'm.room.canonical_alias') && event.stateKey === '';
