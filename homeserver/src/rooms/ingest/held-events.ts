import { type EventId, ServerName } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import type { Event } from '../../core/events/event.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import { parseJson } from '../../core/json/parse.ts';
import type { Clock } from '../../platform/clock.ts';
import { Lazy } from '../../platform/lazy.ts';
import type { Database } from '../../storage/database.ts';
import type { RoomNid } from '../model.ts';
import type { Room } from '../room.ts';
import type { Rooms } from '../rooms.ts';
import { type Needed, type HeldRow, heldStore as store } from './held.store.ts';

/** Events that are kept, so that nobody can fill the database with what leads nowhere. */
const LIMITS = { inRoom: 100, ofOrigin: 1_000, inAll: 10_000 };
/** After 1, 4, 16, 64 and 256 minutes they are tried again; then they are given up. */
const FIRST_RETRY_MS = 60_000;
const RETRY_FACTOR = 4;
const MAX_ATTEMPTS = 5;
const RETRIED_AT_ONCE = 50;

export interface HeldDeps {
  readonly db: Database;
  readonly rooms: Rooms;
  readonly clock: Clock;
}

/** Held events of one room from one server, to be tried again. */
export interface Retry {
  readonly room: Room;
  readonly origin: ServerName;
  /** Their signatures and hashes were checked before they were held. */
  readonly events: readonly Event[];
  /** Nothing was checked of these, for want of keys; as they came. */
  readonly unproven: readonly Json[];
}

export interface ToHold {
  readonly event: Event;
  readonly waitsFor: readonly Needed[];
}

interface Put {
  readonly held: readonly ToHold[];
  readonly replaces: boolean;
}

/**
 * Events that nothing can be said about yet, because what they rest on is missing and nobody gave it. Missing is not
 * rejected: they are tried again when something that they wait for comes in, and a few times besides.
 */
export class HeldEvents {
  readonly #deps: HeldDeps;
  /** Rooms that have some. */
  readonly #rooms: Lazy<Set<RoomNid>>;

  constructor(deps: HeldDeps) {
    this.#deps = deps;
    this.#rooms = new Lazy(async () => new Set(await store.rooms(deps.db)));
  }

  /** Events that cannot be judged. */
  hold(room: Room, origin: ServerName, unjudged: readonly ToHold[]): Promise<void> {
    return this.#put(room, origin, { held: unjudged, replaces: true });
  }

  /** Events that cannot even be checked. A second copy may have false signatures: it does not take the place of the first. */
  holdUnproven(room: Room, origin: ServerName, unproven: readonly ToHold[]): Promise<void> {
    return this.#put(room, origin, { held: unproven, replaces: false });
  }

  async #put(room: Room, origin: ServerName, { held, replaces }: Put): Promise<void> {
    if (held.length === 0) return;
    const { db, clock } = this.#deps;
    (await this.#rooms.get()).add(room.nid);
    const events = held.map(({ event, waitsFor }) => ({ id: event.eventId, waitsFor, json: pduText(event) }));
    const where = { room: room.nid, origin, retryAt: clock.now() + FIRST_RETRY_MS };
    await db.transact(async (tx) => {
      await store.put(tx, where, { events, replaces });
      await store.trim(tx, where, LIMITS);
    });
  }

  count(): Promise<number> {
    return store.count(this.#deps.db);
  }

  /** Events have found their place, or their end. */
  async settle(room: Room, ids: readonly EventId[]): Promise<void> {
    if (ids.length > 0 && (await this.#rooms.get()).has(room.nid)) await store.drop(this.#deps.db, room.nid, ids);
  }

  /** What waits for events that have just come in. */
  async waitingFor(room: Room, ids: readonly EventId[]): Promise<Retry[]> {
    if (ids.length === 0 || !(await this.#rooms.get()).has(room.nid)) return [];
    return this.#retries(await store.waitingFor(this.#deps.db, room.nid, ids));
  }

  /** What waits for the keys of a server that has just told them; the rest of very many is tried again in its time. */
  async waitingForKeys(server: ServerName): Promise<Retry[]> {
    if ((await this.#rooms.get()).size === 0) return [];
    return this.#retries(await store.waitingForKeys(this.#deps.db, server, RETRIED_AT_ONCE));
  }

  /** What it is time to try again. */
  async due(): Promise<Retry[]> {
    const { db, clock } = this.#deps;
    await store.giveUp(db, MAX_ATTEMPTS);
    const schedule = { now: clock.now(), firstMs: FIRST_RETRY_MS, factor: RETRY_FACTOR, limit: RETRIED_AT_ONCE };
    return this.#retries(await store.due(db, schedule));
  }

  async #retries(rows: readonly HeldRow[]): Promise<Retry[]> {
    const retries: Retry[] = [];
    for (const ofOne of Map.groupBy(rows, ({ room_nid, origin }) => `${room_nid} ${origin}`).values()) {
      const [first] = ofOne;
      const room = first && (await this.#deps.rooms.byNid(first.room_nid));
      if (!first || !room?.head) continue;
      const pdus = ofOne.map((row) => ({ isProven: isProven(row), pdu: parseJson(row.json, { strict: false }) }));
      const events = pdus.flatMap(({ isProven: isChecked, pdu }): Event[] => {
        const event = parsePdu(pdu, room.version, { limitReferences: false });
        return !isChecked || isRefused(event) ? [] : [event];
      });
      const unproven = pdus.flatMap(({ isProven: isChecked, pdu }) => (isChecked ? [] : [pdu]));
      retries.push({ room, origin: first.origin, events, unproven });
    }
    return retries;
  }
}

const isProven = ({ waits_for }: HeldRow): boolean => !waits_for.some((one) => ServerName.is(one));
