import type { RoomId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { LRUCache } from 'lru-cache';
import type { Soon } from '../../../platform/soon.ts';
import type { CommitListener, Committed } from '../../../rooms/commit.ts';
import type { RoomEngine } from '../../../rooms/engine.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import { wellKnownKey } from '../../../rooms/state/well-known-keys.ts';
import type { Database } from '../../../storage/database.ts';
import type { Position } from '../../../streams/stream.ts';
import { type CardRow, type CardWrite, type FreshRow, roomCardsStore as store } from './room-cards.store.ts';
import { atMost } from '../../../platform/at-most.ts';

/** What lists sort and filter rooms by. */
export interface Card {
  readonly nid: RoomNid;
  readonly roomId: RoomId;
  /** Of the room's head; 0 while this server takes no part in the room. */
  version: number;
  /** When anything of the room changed last, and when there was something that brings it to the top. */
  changed: Position;
  bump: Position;
  readonly roomType: string | undefined;
  readonly isEncrypted: boolean;
}

/** What counts as activity: https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md */
const BUMPING: ReadonlySet<string> = new Set([
  'm.room.create',
  'm.room.message',
  'm.room.encrypted',
  'm.sticker',
  'm.call.invite',
  'm.poll.start',
  'org.matrix.msc3381.poll.start',
  'm.beacon_info',
  'org.matrix.msc3672.beacon_info',
]);

const CREATE = ['m.room.create', ''] as const;
export const KEYS = {
  create: wellKnownKey(CREATE) ?? -1,
  encryption: wellKnownKey(['m.room.encryption', '']) ?? -1,
  // The event's own type: behind what is in an object there is another brace.
  bumping: `"type":"(${[...BUMPING].join('|').replaceAll('.', '\\.')})"[^{}]*}$`,
  depth: 50,
};
/** Some 250 bytes each. */
const KEPT = 200_000;
const READ_AT_ONCE = 2_000;

/**
 * Lists of rooms are answered from these: a row per room, written behind the room itself and now and then. A row says of
 * which version of the room it is, so that one that is out of date is known as such and made anew when it is needed.
 */
export class RoomCards {
  readonly #db: Database;
  readonly #engine: Pick<RoomEngine, 'roomChanges'>;
  readonly #cards = new LRUCache<RoomNid, Card>(atMost(KEPT));
  readonly #dirty = new Set<RoomNid>();
  /** For each who is reading cards, the rooms that have changed meanwhile. */
  readonly #readers = new Set<Set<RoomNid>>();

  constructor(db: Database, engine: Pick<RoomEngine, 'roomChanges'>) {
    this.#db = db;
    this.#engine = engine;
  }

  readonly listener: CommitListener = ({ room, timeline, changedKeys }) => {
    for (const missed of this.#readers) missed.add(room.nid);
    const card = this.#cards.get(room.nid);
    if (!card || !room.head) return;
    // A room comes with all of its state when it is joined, and has a card already where somebody was invited before.
    if (changedKeys.has(KEYS.create) || changedKeys.has(KEYS.encryption)) {
      this.#cards.delete(room.nid);
      return;
    }
    card.version = room.head.version;
    card.changed = this.#engine.roomChanges.lastOf(room.nid);
    this.#take(card, timeline);
    this.#dirty.add(room.nid);
  };

  /** From memory, as far as they are there. */
  of(nids: readonly RoomNid[]): Soon<ReadonlyMap<RoomNid, Card>> {
    const found = new Map<RoomNid, Card>();
    const missing: RoomNid[] = [];
    for (const nid of nids) {
      const card = this.#cards.get(nid);
      if (card) found.set(nid, card);
      else missing.push(nid);
    }
    return missing.length === 0 ? found : this.#withRead(found, missing);
  }

  async #withRead(found: Map<RoomNid, Card>, nids: readonly RoomNid[]): Promise<ReadonlyMap<RoomNid, Card>> {
    let missing = nids;
    while (missing.length > 0) {
      const outdated = new Set<RoomNid>();
      for (const card of await this.#readAll(missing, outdated)) {
        if (!outdated.has(card.nid)) found.set(card.nid, card);
      }
      missing = missing.filter((nid) => outdated.has(nid));
    }
    return found;
  }

  /** Writes down what has changed. */
  async write(): Promise<void> {
    const cards = [...this.#dirty].flatMap((nid) => this.#cards.peek(nid) ?? []);
    this.#dirty.clear();
    for (let i = 0; i < cards.length; i += READ_AT_ONCE) {
      await store.put(this.#db, cards.slice(i, i + READ_AT_ONCE).map(toWrite));
    }
  }

  #take(card: Card, timeline: Committed['timeline']): void {
    for (const { event, position } of timeline) {
      if (position !== undefined && BUMPING.has(event.type)) card.bump = Math.max(card.bump, position) as Position;
    }
  }

  async #readAll(nids: readonly RoomNid[], outdated: Set<RoomNid>): Promise<Card[]> {
    this.#readers.add(outdated);
    try {
      const cards: Card[] = [];
      for (let i = 0; i < nids.length; i += READ_AT_ONCE) {
        cards.push(...(await this.#read(nids.slice(i, i + READ_AT_ONCE))));
      }
      // What is known of a room that this server takes no part in, the next invitation may tell otherwise.
      for (const card of cards) if (card.version > 0 && !outdated.has(card.nid)) this.#cards.set(card.nid, card);
      return cards;
    } finally {
      this.#readers.delete(outdated);
    }
  }

  async #read(nids: readonly RoomNid[]): Promise<Card[]> {
    const rows = await store.get(this.#db, nids);
    const stale = rows.filter(({ head_version, version }) => head_version !== null && head_version !== version);
    const made =
      stale.length === 0
        ? []
        : await store.fresh(
            this.#db,
            stale.map(({ room_nid }) => room_nid),
            KEYS,
          );
    const fresh = new Map(made.map((row) => [row.room_nid, row]));
    for (const nid of fresh.keys()) this.#dirty.add(nid);
    return rows.map((row) => (row.told === null ? toCard(row, fresh.get(row.room_nid)) : toldCard(row, row.told)));
  }
}

/** Of a room that this server is not in: as it was told with an invitation. */
const toldCard = (row: CardRow, told: string): Card => {
  const events = JSON.parse(told) as JsonObject[];
  const create = events.find(({ type }) => type === 'm.room.create');
  const isEncrypted = events.some(({ type }) => type === 'm.room.encryption');
  return { ...toCard(row, undefined), roomType: roomTypeOf(create), isEncrypted };
};

const toCard = (row: CardRow, fresh: FreshRow | undefined): Card => ({
  nid: row.room_nid,
  roomId: row.room_id,
  version: row.head_version ?? 0,
  changed: (fresh ?? row).changed ?? (0 as Position),
  bump: (fresh ?? row).bump ?? (0 as Position),
  roomType: fresh ? roomTypeOf(createIn(fresh)) : (row.room_type ?? undefined),
  isEncrypted: (fresh ?? row).is_encrypted ?? false,
});

const createIn = ({ create }: FreshRow): JsonObject | undefined =>
  create === null ? undefined : (JSON.parse(create) as JsonObject);

const roomTypeOf = (create: JsonObject | undefined): string | undefined => {
  const content = create?.['content'];
  const type = isObject(content) ? content['type'] : undefined;
  return typeof type === 'string' ? type : undefined;
};

const toWrite = ({ nid, version, changed, bump, roomType, isEncrypted }: Card): CardWrite => ({
  nid,
  version,
  changed,
  bump,
  // The database holds no such text.
  roomType: roomType?.replaceAll('\0', ''),
  isEncrypted,
});
