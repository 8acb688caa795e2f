import type { EventId } from '@holm/spec/ids';
import type { Database, ReadTx } from '../storage/database.ts';
import { named, sql } from '../storage/sql.ts';
import type { Events } from './events.ts';
import type { EventNid, RoomNid, StoredEvent } from './model.ts';
import { effectOf } from './redactions.ts';
import type { Room } from './room.ts';
import type { States } from './state/states.ts';
import type { Change } from './write/change.ts';

const store = {
  async any(tx: ReadTx, room: RoomNid): Promise<boolean> {
    const rows = await tx.rows(
      named('redactions.any_awaited', sql`SELECT 1 FROM awaited_redactions WHERE room_nid = ${room} LIMIT 1`),
    );
    return rows.length > 0;
  },

  of: (
    tx: ReadTx,
    room: RoomNid,
    targets: readonly EventId[],
  ): Promise<{ target_id: EventId; redaction_nid: EventNid }[]> =>
    tx.rows(
      named(
        'redactions.awaited',
        sql`SELECT target_id, redaction_nid FROM awaited_redactions
             WHERE room_nid = ${room} AND target_id = ANY(${targets}::text[]) ORDER BY redaction_nid`,
      ),
    ),
};

export interface AwaitedRedactionsDeps {
  readonly db: Database;
  readonly events: Events;
  readonly states: States;
}

/** Redactions that came before what they redact. They take effect when that arrives. */
export class AwaitedRedactions {
  readonly #deps: AwaitedRedactionsDeps;
  /** Whether a room has any; whoever else writes to the room moves its head, and the room is loaded anew. */
  readonly #rooms = new WeakMap<Room, boolean>();

  constructor(deps: AwaitedRedactionsDeps) {
    this.#deps = deps;
  }

  /** Redacts those events of a step that redactions have waited for. */
  async settle(change: Change): Promise<void> {
    const waiting = await this.#waitingFor(change);
    for (const [id, redactions] of waiting) {
      for (const nid of redactions) {
        const redaction = change.event(nid) ?? (await this.#deps.events.byNid(nid));
        const target = change.byId(id);
        if (redaction && target) await this.#settle(change, { redaction, target });
      }
      change.redacting.arrived.push(id);
    }
    if (change.redacting.awaited.length > 0) this.#rooms.set(change.room, true);
  }

  async #settle(
    change: Change,
    { redaction, target }: { readonly redaction: StoredEvent; readonly target: StoredEvent },
  ): Promise<void> {
    const { snapshot } = redaction;
    if (snapshot === undefined) return;
    const effect = await effectOf(redaction.event, {
      target: () => Promise.resolve(target),
      view: (keys) => this.#deps.states.view(change.room, snapshot, keys, change),
    });
    if (effect.kind !== 'redacts') return;
    change.redact(target, redaction.nid);
    if (redaction.status === 'withheld') {
      change.release(redaction, redaction.ord === undefined ? change.claim() : undefined);
    }
  }

  async #waitingFor(change: Change): Promise<ReadonlyMap<EventId, readonly EventNid[]>> {
    const waiting = new Map<EventId, EventNid[]>();
    const arrived = change.events.filter(({ status }) => status !== 'rejected').map(({ event }) => event.eventId);
    if (arrived.length === 0) return waiting;
    const add = (target: EventId, nid: EventNid) => waiting.set(target, [...(waiting.get(target) ?? []), nid]);
    if (await this.#hasAny(change.room)) {
      for (const row of await store.of(this.#deps.db, change.room.nid, arrived)) add(row.target_id, row.redaction_nid);
    }
    for (const id of arrived) for (const nid of change.redacting.takeAwaited(id)) add(id, nid);
    return waiting;
  }

  async #hasAny(room: Room): Promise<boolean> {
    const known = this.#rooms.get(room);
    if (known !== undefined) return known;
    const any = await store.any(this.#deps.db, room.nid);
    this.#rooms.set(room, any);
    return any;
  }
}
